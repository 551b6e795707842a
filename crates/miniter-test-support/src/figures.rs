//! What stands for many measurements.

use std::time::Duration;

/// The value below which 99 of 100 are.
pub fn p99(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// The value in the middle. A promise is judged by it: the best of a few rounds would hide those in which it is broken.
pub fn median<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|one, another| one.partial_cmp(another).unwrap());
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        assert_eq!(median([3, 1, 2]), 2);
        assert_eq!(median(["e", "a", "d", "b", "c"]), "c");
    }
}
