"""Whether Mastodon.py could decode what the server sent.

Mastodon.py is lenient: a value that it cannot decode becomes None or stays as it came, and a missing field becomes None. Its
entities name the type of each field; `check` holds every field of an entity, and of all entities in it, against that type.
"""

import typing
from datetime import datetime

from mastodon.types_base import AttribAccessDict

# Fields that may be missing although Mastodon.py's types do not say so: those that came after the version which the server
# announces, an app's own fields in the application of a status, the contact of a server that names none, and choices not made.
OPTIONAL = {
    "Account": {
        "avatar_description", "feature_approval", "header_description", "hide_collections", "show_featured", "show_media",
        "show_media_replies",
    },
    "Application": {"id", "redirect_uri", "redirect_uris", "scopes", "vapid_key"},
    "CredentialAccountSource": {"attribution_domains", "quote_policy"},
    "Instance": {"contact_account"},
    "InstanceAccountConfiguration": {
        "max_avatar_description_length", "max_display_name_length", "max_header_description_length", "max_note_length",
        "max_pinned_statuses", "max_profile_fields", "profile_field_name_limit", "profile_field_value_limit",
    },
    "InstanceConfigurationV2": {"limited_federation", "timelines_access", "vapid"},
    "InstanceContact": {"account"},
    "InstanceMediaConfiguration": {"description_limit"},
    "InstanceRegistrations": {"min_age", "reason_required"},
    "InstanceThumbnail": {"description"},
    "InstanceV2": {"api_versions", "icon"},
    "NodeinfoUsageUsers": {"activeHalfyear"},
    "Notification": {"group_key"},
    "Preferences": {"posting_default_quote_policy"},
    "Relationship": {"muting_expires_at"},
    "Role": {"collection_limit"},
    "Status": {"quote_approval", "quotes_count", "tagged_collections"},
    "Suggestion": {"sources"},
}


def problems(value, path=""):
    """Yields a line for each field in `value` that has not the type that Mastodon.py gives it."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from problems(element, f"{path}[{index}]")
    elif isinstance(value, AttribAccessDict):
        name = type(value).__name__
        path = path or name
        for field, hint in typing.get_type_hints(type(value)).items():
            if field.startswith("_") or field in OPTIONAL.get(name, ()) and value.get(field) is None:
                continue
            yield from _mismatch(value.get(field), hint, f"{path}.{field}")
            yield from problems(value.get(field), f"{path}.{field}")


def check(value):
    """Fails with all fields of `value` that are not of their type. Returns `value`."""
    found = list(problems(value))
    assert not found, "\n".join(found)
    return value


def _mismatch(value, hint, path):
    origin = typing.get_origin(hint)
    options = typing.get_args(hint) if origin is typing.Union else (hint,)
    if value is None:
        if type(None) not in options:
            yield f"{path} is missing or could not be decoded"
        return
    if not any(_is_a(value, option) for option in options):
        yield f"{path} is {value!r} and should be {hint}"


def _is_a(value, hint):
    kind = typing.get_origin(hint) or hint
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is datetime:
        return isinstance(value, datetime)
    return not isinstance(kind, type) or isinstance(value, kind)
