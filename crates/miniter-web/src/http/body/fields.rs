//! The fields of a form: names in brackets become the tree that JSON would have been.

use std::iter::once;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::body::note;
use crate::http::failure::Failure;

/// The most fields of one body.
const MAX_FIELDS: usize = 1000;

/// The most steps of one name: `a[b][]` has three. It bounds the recursion, and with [`MAX_FIELDS`] the tree.
const MAX_STEPS: usize = 8;

/// The fields of a form so far, as a tree whose leaves are strings.
#[derive(Default)]
pub(super) struct Fields {
    tree: Map<String, Value>,
    count: usize,
}

impl Fields {
    /// Adds a field. `a[]` is the next item of an array, `a[b]` a member of an object. Where a name stands twice, the last
    /// field counts, as it does for Rails: a form sends `0` for a checkbox and `1` after it.
    pub(super) fn add(&mut self, name: &str, value: String) -> Result<(), Failure> {
        self.count += 1;
        if self.count > MAX_FIELDS {
            return Err(malformed("it has too many fields"));
        }
        let steps = steps(name);
        if steps.len() > MAX_STEPS {
            return Err(malformed("a field is nested too deeply"));
        }
        put_member(&mut self.tree, &steps, value)
    }

    /// The fields of a JSON object. A null is not given, at any depth.
    pub(super) fn of_json(mut tree: Map<String, Value>) -> Self {
        remove_nulls(&mut tree);
        Self { count: tree.len(), tree }
    }

    /// These fields and those of another set. Of a name that both have, the other one counts.
    pub(super) fn overridden_by(mut self, other: Self) -> Self {
        self.tree.extend(other.tree);
        self
    }

    /// Reads a `T` from the fields. Those that `T` does not have are ignored.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T, Failure> {
        serde_json::from_value(Value::Object(self.tree))
            .map_err(|error| Failure::UnfitBody { note: note(&error) })
    }
}

/// The tree has the depth that the parser allows.
fn remove_nulls(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
    members.values_mut().for_each(remove_nulls_below);
}

fn remove_nulls_below(value: &mut Value) {
    match value {
        Value::Object(members) => remove_nulls(members),
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(remove_nulls_below);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One step from the root of the tree to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Member(&'a str),
    NextItem,
}

/// The steps that a name tells, one more than [`MAX_STEPS`] at most. A name whose brackets do not match is one step: it is a
/// name that no route has.
fn steps(name: &str) -> Vec<Step<'_>> {
    let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let keys = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(|keys| keys.split("]["));
    match keys {
        Some(mut keys) if !first.is_empty() && keys.clone().all(|key| !key.contains(['[', ']'])) => {
            let keys =
                keys.by_ref().map(|key| if key.is_empty() { Step::NextItem } else { Step::Member(key) });
            once(Step::Member(first)).chain(keys).take(MAX_STEPS + 1).collect()
        }
        _ => vec![Step::Member(name)],
    }
}

/// Puts a value where the steps lead to from an object.
fn put_member(members: &mut Map<String, Value>, steps: &[Step<'_>], value: String) -> Result<(), Failure> {
    match steps {
        [Step::Member(key), rest @ ..] => put(members.entry(*key).or_insert(Value::Null), rest, value),
        [Step::NextItem, ..] | [] => Err(conflict()),
    }
}

/// Puts a value where the steps lead to. What is null is not decided yet.
fn put(place: &mut Value, steps: &[Step<'_>], value: String) -> Result<(), Failure> {
    let is_new = place.is_null();
    match steps {
        [] if is_new || place.is_string() => {
            *place = Value::String(value);
            Ok(())
        }
        [] => Err(conflict()),
        [Step::Member(_), ..] => {
            if is_new {
                *place = Value::Object(Map::new());
            }
            put_member(place.as_object_mut().ok_or_else(conflict)?, steps, value)
        }
        [Step::NextItem, rest @ ..] => {
            if is_new {
                *place = Value::Array(Vec::new());
            }
            let items = place.as_array_mut().ok_or_else(conflict)?;
            // `a[][x]=1&a[][y]=2` is one item, and another `a[][x]` begins the next.
            let mut item = items.pop_if(|item| item.is_object() && !is_taken(item, rest)).unwrap_or_default();
            put(&mut item, rest, value)?;
            items.push(item);
            Ok(())
        }
    }
}

/// Whether there is something already where the steps lead to; an array has always room for the next item.
fn is_taken(item: &Value, steps: &[Step<'_>]) -> bool {
    match steps {
        [] => true,
        [Step::Member(key), rest @ ..] => item.get(key).is_some_and(|member| is_taken(member, rest)),
        [Step::NextItem, ..] => !item.is_array(),
    }
}

fn conflict() -> Failure {
    malformed("a field is a value and holds others, or is an array and an object")
}

fn malformed(note: &str) -> Failure {
    Failure::MalformedBody { note: note.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn tree(fields: &[(&str, &str)]) -> Result<Value, Failure> {
        let mut tree = Fields::default();
        for (name, value) in fields {
            tree.add(name, (*value).to_owned())?;
        }
        tree.parse()
    }

    #[test]
    fn brackets_make_a_tree() {
        for (fields, expected) in [
            (&[("a", "1"), ("b", "")][..], json!({"a": "1", "b": ""})),
            (&[("a", "0"), ("a", "1")], json!({"a": "1"})),
            (&[("a[]", "1"), ("a[]", "2")], json!({"a": ["1", "2"]})),
            (&[("a[1]", "x"), ("a[0]", "y")], json!({"a": {"0": "y", "1": "x"}})),
            (&[("a[b]", "1"), ("a[c][]", "2"), ("a[c][]", "3")], json!({"a": {"b": "1", "c": ["2", "3"]}})),
            (
                &[("a[][x]", "1"), ("a[][y]", "2"), ("a[][x]", "3")],
                json!({"a": [{"x": "1", "y": "2"}, {"x": "3"}]}),
            ),
            (
                &[("a[][x][]", "1"), ("a[][x][]", "2"), ("a[][y]", "3"), ("a[][y]", "4")],
                json!({"a": [{"x": ["1", "2"], "y": "3"}, {"y": "4"}]}),
            ),
            (&[("a[][]", "1"), ("a[][]", "2")], json!({"a": [["1"], ["2"]]})),
            (&[("a[]", "1"), ("a[][x]", "2")], json!({"a": ["1", {"x": "2"}]})),
        ] {
            assert_eq!(tree(fields).unwrap(), expected, "{fields:?}");
        }
    }

    #[test]
    fn brackets_that_do_not_match_are_part_of_the_name() {
        for name in
            ["", "[", "]", "[]", "[a]", "a[", "a]", "a[b", "a[b]c", "a[b]]", "a[[b]]", "a[b][", "a[b]c[d]"]
        {
            assert_eq!(tree(&[(name, "1")]).unwrap(), json!({name: "1"}));
        }
    }

    #[test]
    fn fields_that_contradict_one_another_are_refused() {
        for names in [
            ["a", "a[b]"],
            ["a[b]", "a"],
            ["a", "a[]"],
            ["a[]", "a"],
            ["a[]", "a[0]"],
            ["a[0]", "a[]"],
            ["a[b]", "a[b][c]"],
        ] {
            let result = tree(&names.map(|name| (name, "1")));
            assert!(matches!(result, Err(Failure::MalformedBody { .. })), "{names:?}");
        }
    }

    #[test]
    fn the_steps_and_the_fields_are_counted() {
        let deep = |steps: usize| format!("a{}", "[b]".repeat(steps - 1));
        assert!(tree(&[(&deep(MAX_STEPS), "1")]).is_ok());
        for steps in [MAX_STEPS + 1, 100_000] {
            assert!(matches!(tree(&[(&deep(steps), "1")]), Err(Failure::MalformedBody { .. })), "{steps}");
        }
        assert!(tree(&[("a[]", "1")].repeat(MAX_FIELDS)).is_ok());
        for name in ["a[]", "a"] {
            let result = tree(&[(name, "1")].repeat(MAX_FIELDS + 1));
            assert!(matches!(result, Err(Failure::MalformedBody { .. })), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_names_are_a_tree_or_refused(names in prop::collection::vec(r"[ab\[\]0]{0,8}", 0..20)) {
            let _ = tree(&names.iter().map(|name| (name.as_str(), "1")).collect::<Vec<_>>());
        }
    }
}
