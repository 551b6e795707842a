"""What a client decoded of a status, in a form that all clients can be brought to."""


def summary(status):
    """`status` as Mastodon.py or toot decoded it: an object with attributes."""
    whole = {
        name: getattr(status, name)
        for name in (
            "id", "uri", "url", "content", "spoiler_text", "sensitive", "visibility", "language", "in_reply_to_id",
            "in_reply_to_account_id", "replies_count", "reblogs_count", "favourites_count", "favourited", "reblogged", "bookmarked",
            "muted",
        )
    }
    for time in ("created_at", "edited_at"):
        value = getattr(status, time)
        whole[time] = value and round(value.timestamp() * 1000)
    account = status.account
    whole["account"] = {
        name: getattr(account, name)
        for name in (
            "id", "username", "acct", "display_name", "url", "note", "avatar", "header", "locked", "bot", "followers_count",
            "following_count", "statuses_count",
        )
    }
    whole["account"]["fields"] = [[field.name, field.value] for field in account.fields]
    whole["mentions"] = [[mention.id, mention.acct, mention.url] for mention in status.mentions]
    whole["tags"] = [[tag.name, tag.url] for tag in status.tags]
    whole["reblog"] = summary(status.reblog) if status.reblog else None
    return whole
