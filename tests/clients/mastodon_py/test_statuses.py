"""Posting, replying, editing and deleting."""

import unittest
import uuid
from datetime import datetime, timedelta, timezone

from mastodon import MastodonAPIError, MastodonNotFoundError

from decoded import check
from html_of import Html
from people import SERVER, client, sign_up


class Post(unittest.TestCase):
    def test_a_post_in_each_visibility(self):
        (alice,) = sign_up("alice")
        for number, visibility in enumerate(("public", "unlisted", "private", "direct"), 1):
            with self.subTest(visibility):
                post = check(alice.post(f"A {visibility} post", visibility=visibility))
                self.assertEqual(post.visibility, visibility)
                self.assertEqual(post.content, f"<p>A {visibility} post</p>")
                self.assertEqual(post.url, f"{SERVER}/@{alice.name}/{post.id}")
                self.assertEqual(post.uri, post.url)
                self.assertEqual(post.account.id, alice.id)
                self.assertEqual(post.application.name, "Mastodon.py")
                self.assertEqual((post.replies_count, post.reblogs_count, post.favourites_count), (0, 0, 0))
                self.assertEqual((post.favourited, post.reblogged, post.bookmarked, post.muted), (False,) * 4)
                # Only what can be pinned says whether it is.
                self.assertEqual(post.pinned, None if visibility == "direct" else False)
                self.assertEqual((post.spoiler_text, post.sensitive), ("", False))
                self.assertEqual((post.mentions, post.tags, post.emojis, post.media_attachments), ([], [], [], []))
                for empty in (post.in_reply_to_id, post.in_reply_to_account_id, post.reblog, post.card, post.poll, post.edited_at):
                    self.assertIsNone(empty)
                self.assertLess(abs(datetime.now(timezone.utc) - post.created_at), timedelta(minutes=1))
                self.assertEqual(post.created_at.microsecond % 1000, 0)
                self.assertEqual(alice.api.status(post.id), post)
                me = alice.me()
                # As in Mastodon, what is direct does not count.
                self.assertEqual(me.statuses_count, min(number, 3))
                self.assertEqual(me.last_status_at.date(), post.created_at.date())

    def test_options(self):
        (alice,) = sign_up("alice")
        post = check(alice.post("Inside", spoiler_text="A <warning> & more", sensitive=True, language="ko"))
        self.assertEqual((post.spoiler_text, post.sensitive, post.language), ("A <warning> & more", True, "ko"))
        self.assertEqual(post.content, "<p>Inside</p>")
        source = check(alice.api.status_source(post.id))
        self.assertEqual((source.id, source.text, source.spoiler_text), (post.id, "Inside", "A <warning> & more"))

    def test_the_settings_of_the_account_are_defaults(self):
        (alice,) = sign_up("alice")
        alice.api.account_update_credentials(default_privacy="private", default_sensitive=True, default_language="de")
        # None: Mastodon.py says false unless it is told not to say anything.
        post = alice.post("By default", sensitive=None)
        self.assertEqual((post.visibility, post.sensitive, post.language), ("private", True, "de"))
        post = alice.post("By choice", visibility="public", language="en")
        self.assertEqual((post.visibility, post.language), ("public", "en"))
        preferences = alice.api.preferences()
        self.assertEqual(preferences.posting_default_visibility, "private")
        self.assertEqual(preferences.posting_default_sensitive, True)
        self.assertEqual(preferences.posting_default_language, "de")

    def test_the_text_as_html(self):
        alice, bob = sign_up("alice", "bob")
        text = (
            f"Hello @{bob.name.upper()} & @nobody_of_this_name <b>\nsecond line\n\n"
            "#Rust and https://example.com/a?b=c&d=e#f. 안녕 🍺"
        )
        post = check(alice.post(text))
        html = Html(post.content)
        self.assertEqual(len(html.paragraphs), 2)
        self.assertRegex(html.paragraphs[0], f"(?i)^Hello @{bob.name} & @nobody_of_this_name <b>\nsecond line$")
        self.assertEqual(html.paragraphs[1], "#Rust and https://example.com/a?b=c&d=e#f. 안녕 🍺")
        mention, tag, link = html.links
        self.assertEqual((mention["href"], mention["class"]), (f"{SERVER}/@{bob.name}", "u-url mention"))
        self.assertEqual(mention["text"].lower(), f"@{bob.name}".lower())
        self.assertEqual((tag["class"], tag["rel"], tag["text"]), ("mention hashtag", "tag", "#Rust"))
        self.assertEqual(link["href"], "https://example.com/a?b=c&d=e#f")
        self.assertTrue({"nofollow", "noopener"} <= set(link["rel"].split()))
        self.assertEqual(link["target"], "_blank")

        (mentioned,) = post.mentions
        self.assertEqual((mentioned.id, mentioned.username, mentioned.acct, mentioned.url), (bob.id, bob.name, bob.name, mention["href"]))
        (tagged,) = post.tags
        self.assertEqual((tagged.name, tagged.url), ("rust", tag["href"]))
        self.assertEqual(alice.api.status_source(post.id).text, text)

    def test_an_idempotency_key_posts_once(self):
        (alice,) = sign_up("alice")
        key = uuid.uuid4().hex
        first, second = (alice.post("Once", idempotency_key=key) for _ in range(2))
        self.assertEqual(first.id, second.id)
        self.assertEqual(alice.me().statuses_count, 1)
        self.assertNotEqual(alice.post("Once", idempotency_key=uuid.uuid4().hex).id, first.id)

    def test_lengths(self):
        (alice,) = sign_up("alice")
        link = "https://example.com/" + "a" * 200
        self.assertEqual(Html(alice.post("안" * 300).content).paragraphs, ["안" * 300])
        # A link counts as 23 characters.
        long = alice.post("b" * 276 + " " + link)
        self.assertEqual(Html(long.content).links[0]["href"], link)
        for text in ("안" * 301, "b" * 277 + " " + link, "", " \n "):
            with self.subTest(text[:3]), self.assertRaises(MastodonAPIError) as failed:
                alice.post(text)
            self.assertEqual(failed.exception.args[1], 422)
            self.assertRegex(failed.exception.args[3], "^Validation failed: ")
        self.assertEqual(alice.me().statuses_count, 2)

    def test_several_at_once(self):
        alice, bob = sign_up("alice", "bob")
        posts = [alice.post(f"Number {number}") for number in range(3)] + [alice.post("Not for Bob", visibility="direct")]
        found = check(bob.api.statuses([post.id for post in posts] + [1]))
        self.assertEqual({post.id for post in found}, {post.id for post in posts[:3]})


class Threads(unittest.TestCase):
    def test_a_reply(self):
        alice, bob = sign_up("alice", "bob")
        post = alice.post("The start", visibility="unlisted")
        reply = check(bob.api.status_reply(post, "An answer"))
        self.assertEqual((reply.in_reply_to_id, reply.in_reply_to_account_id), (post.id, alice.id))
        # Mastodon.py itself mentions the author and keeps the visibility.
        self.assertEqual([mention.id for mention in reply.mentions], [alice.id])
        self.assertEqual(reply.visibility, "unlisted")
        self.assertEqual(alice.api.status(post.id).replies_count, 1)
        bob.api.status_delete(reply.id)
        self.assertEqual(alice.api.status(post.id).replies_count, 0)

    def test_a_thread(self):
        alice, bob = sign_up("alice", "bob")
        root = alice.post("root")
        left = bob.post("left", in_reply_to_id=root.id)
        right = alice.post("right", in_reply_to_id=root.id)
        leaf = alice.post("leaf", in_reply_to_id=left.id)
        hidden = bob.post("hidden", in_reply_to_id=leaf.id, visibility="direct")
        for reader in (alice.api, client()):
            context = check(reader.status_context(left.id))
            self.assertEqual([status.id for status in context.ancestors], [root.id])
            self.assertEqual([status.id for status in context.descendants], [leaf.id])
            whole = reader.status_context(root.id)
            self.assertEqual(whole.ancestors, [])
            # A reply comes before the replies to it, as a tree is read. What authors add to their own posts comes first.
            self.assertEqual([status.id for status in whole.descendants], [right.id, left.id, leaf.id])
            self.assertEqual([status.id for status in reader.status_context(leaf.id).ancestors], [root.id, left.id])
        self.assertEqual([status.id for status in bob.api.status_context(leaf.id).descendants], [hidden.id])

    def test_a_reply_to_a_post_that_is_not_there(self):
        alice, bob = sign_up("alice", "bob")
        private = alice.post("Not for Bob", visibility="private")
        for missing in (private.id, "1"):
            with self.assertRaises(MastodonNotFoundError):
                bob.post("To nothing", in_reply_to_id=missing)
        self.assertEqual(bob.me().statuses_count, 0)


class Change(unittest.TestCase):
    def test_an_edit(self):
        alice, bob = sign_up("alice", "bob")
        post = alice.post("Tpyo #one", language="en")
        (only,) = check(alice.api.status_history(post.id))
        self.assertEqual((only.content, only.account.id), (post.content, alice.id))

        edited = check(alice.api.status_update(post.id, f"Typo #two @{bob.name}", spoiler_text="Edited", sensitive=True))
        self.assertEqual((edited.id, edited.created_at, edited.url), (post.id, post.created_at, post.url))
        self.assertGreaterEqual(edited.edited_at, post.created_at)
        self.assertEqual((edited.spoiler_text, edited.sensitive, edited.visibility), ("Edited", True, "public"))
        self.assertEqual(Html(edited.content).paragraphs, [f"Typo #two @{bob.name}"])
        self.assertEqual([tag.name for tag in edited.tags], ["two"])
        self.assertEqual([mention.id for mention in edited.mentions], [bob.id])
        self.assertEqual(bob.api.status(post.id).content, edited.content)

        first, second = check(bob.api.status_history(post.id))
        self.assertEqual((first.content, first.spoiler_text, first.sensitive), (post.content, "", False))
        self.assertEqual((second.content, second.spoiler_text, second.sensitive), (edited.content, "Edited", True))
        self.assertEqual((first.created_at, second.created_at), (post.created_at, edited.edited_at))
        self.assertEqual(alice.api.status_source(post.id).text, f"Typo #two @{bob.name}")
        self.assertEqual(alice.me().statuses_count, 1)

        with self.assertRaises(MastodonAPIError):
            bob.api.status_update(post.id, "Not mine")
        self.assertEqual(alice.api.status(post.id).content, edited.content)

    def test_a_deletion(self):
        alice, bob = sign_up("alice", "bob")
        bob.api.account_follow(alice.id)
        post = alice.post("Soon <gone>", spoiler_text="Careful")
        boost = bob.api.status_reblog(post.id)
        bob.api.status_favourite(post.id)
        bob.api.status_bookmark(post.id)
        reply = bob.post("An answer", in_reply_to_id=post.id)
        with self.assertRaises(MastodonAPIError):
            bob.api.status_delete(post.id)

        deleted = check(alice.api.status_delete(post.id))
        self.assertEqual((deleted.id, deleted["text"], deleted.spoiler_text), (post.id, "Soon <gone>", "Careful"))
        for reader in (alice.api, bob.api, client()):
            for gone in (post.id, boost.id):
                with self.assertRaises(MastodonNotFoundError) as failed:
                    reader.status(gone)
                self.assertEqual(failed.exception.args[3], "Record not found")
        self.assertEqual(bob.home(), [reply.id])
        self.assertEqual(bob.api.favourites(), [])
        self.assertEqual(bob.api.bookmarks(), [])
        self.assertEqual((alice.me().statuses_count, bob.me().statuses_count), (0, 1))
        self.assertNotIn(post.id, [found.status.id for found in alice.api.notifications() if found.status])
        self.assertIsNone(bob.api.status(reply.id).in_reply_to_id)
        with self.assertRaises(MastodonNotFoundError):
            alice.api.status_delete(post.id)

    def test_a_translation_is_not_to_be_had(self):
        (alice,) = sign_up("alice")
        with self.assertRaises(MastodonNotFoundError):
            alice.api.status_translate(alice.post("Hello").id)
