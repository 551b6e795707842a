"""Favourites, boosts, bookmarks, mutes and pins of statuses: flags, counters, lists, and their undoing."""

import unittest

from mastodon import MastodonAPIError, MastodonNotFoundError

from decoded import check
from people import client, sign_up


class Actions(unittest.TestCase):
    def setUp(self):
        self.alice, self.bob = sign_up("alice", "bob")
        self.post = self.alice.post("To act upon")

    def seen_by(self, person):
        return person.api.status(self.post.id)

    def test_favourite(self):
        for _ in range(2):
            answer = check(self.bob.api.status_favourite(self.post.id))
            self.assertEqual((answer.id, answer.favourited, answer.favourites_count), (self.post.id, True, 1))
        self.assertEqual((self.seen_by(self.alice).favourited, self.seen_by(self.alice).favourites_count), (False, 1))
        self.assertIsNone(client().status(self.post.id).favourited)
        self.alice.api.status_favourite(self.post.id)
        self.assertEqual([account.id for account in check(client().status_favourited_by(self.post.id))], [self.alice.id, self.bob.id])
        (favourite,) = check(self.bob.api.favourites())
        self.assertEqual((favourite.id, favourite.favourited, favourite.favourites_count), (self.post.id, True, 2))

        for _ in range(2):
            answer = check(self.bob.api.status_unfavourite(self.post.id))
            self.assertEqual((answer.id, answer.favourited, answer.favourites_count), (self.post.id, False, 1))
        self.assertEqual(self.bob.api.favourites(), [])
        self.assertEqual([account.id for account in self.bob.api.status_favourited_by(self.post.id)], [self.alice.id])

    def test_boost(self):
        (follower,) = sign_up("follower")
        follower.api.account_follow(self.bob.id)
        boost = check(self.bob.api.status_reblog(self.post.id))
        self.assertNotEqual(boost.id, self.post.id)
        self.assertEqual((boost.account.id, boost.reblog.id, boost.reblog.account.id), (self.bob.id, self.post.id, self.alice.id))
        self.assertEqual((boost.reblogged, boost.reblog.reblogged, boost.reblog.reblogs_count), (True, True, 1))
        self.assertEqual(boost.reblog.content, self.post.content)
        self.assertEqual(boost.visibility, "public")
        self.assertIsNone(boost.reblog.reblog)
        self.assertEqual(self.bob.api.status_reblog(self.post.id).id, boost.id)
        self.assertEqual((self.seen_by(self.alice).reblogged, self.seen_by(self.alice).reblogs_count), (False, 1))
        self.assertEqual([account.id for account in check(client().status_reblogged_by(self.post.id))], [self.bob.id])

        (at_home,) = check(follower.api.timeline_home())
        self.assertEqual((at_home.id, at_home.reblog.id, at_home.reblogged), (boost.id, self.post.id, False))
        self.assertEqual([status.id for status in self.bob.api.account_statuses(self.bob.id)], [boost.id])
        self.assertEqual(self.bob.api.account_statuses(self.bob.id, exclude_reblogs=True), [])
        self.assertEqual(self.bob.me().statuses_count, 1)

        # An action on the boost is one on the boosted status.
        favourite = follower.api.status_favourite(boost.id)
        self.assertEqual((favourite.reblog or favourite).id, self.post.id)
        self.assertEqual(self.seen_by(self.alice).favourites_count, 1)

        answer = check(self.bob.api.status_unreblog(self.post.id))
        self.assertEqual((answer.id, answer.reblogged, answer.reblogs_count), (self.post.id, False, 0))
        self.assertEqual((follower.home(), self.bob.home()), ([], []))
        self.assertEqual(self.bob.me().statuses_count, 0)
        with self.assertRaises(MastodonNotFoundError):
            client().status(boost.id)
        self.assertEqual(self.seen_by(self.bob).reblogged, False)

    def test_boosts_that_are_narrower(self):
        boost = self.bob.api.status_reblog(self.post.id, visibility="private")
        self.assertEqual((boost.visibility, boost.reblog.visibility), ("private", "public"))
        with self.assertRaises(MastodonNotFoundError):
            self.alice.api.status(boost.id)
        own = self.alice.post("For followers", visibility="private")
        boost = self.alice.api.status_reblog(own.id)
        self.assertEqual((boost.visibility, boost.reblog.id), ("private", own.id))

    def test_bookmark(self):
        answer = check(self.bob.api.status_bookmark(self.post.id))
        self.assertEqual((answer.id, answer.bookmarked), (self.post.id, True))
        self.assertFalse(self.seen_by(self.alice).bookmarked)
        (bookmark,) = check(self.bob.api.bookmarks())
        self.assertEqual((bookmark.id, bookmark.bookmarked), (self.post.id, True))
        answer = check(self.bob.api.status_unbookmark(self.post.id))
        self.assertEqual((answer.id, answer.bookmarked), (self.post.id, False))
        self.assertEqual(self.bob.api.bookmarks(), [])

    def test_mute(self):
        self.bob.post("First answer", in_reply_to_id=self.post.id)
        answer = check(self.alice.api.status_mute(self.post.id))
        self.assertEqual((answer.id, answer.muted), (self.post.id, True))
        self.assertFalse(self.seen_by(self.bob).muted)
        self.bob.post(f"@{self.alice.name} Second answer", in_reply_to_id=self.post.id)
        self.assertEqual(self.alice.api.notifications(types=["mention"]), [])
        answer = check(self.alice.api.status_unmute(self.post.id))
        self.assertEqual((answer.id, answer.muted), (self.post.id, False))
        third = self.bob.post(f"@{self.alice.name} Third answer", in_reply_to_id=self.post.id)
        self.assertEqual(third.id, self.alice.api.notifications(types=["mention"])[0].status.id)

    def test_pin(self):
        other = self.alice.post("Another")
        self.assertFalse(self.seen_by(self.alice).pinned)
        answer = check(self.alice.api.status_pin(self.post.id))
        self.assertEqual((answer.id, answer.pinned), (self.post.id, True))
        for reader in (self.alice.api, self.bob.api, client()):
            self.assertEqual([status.id for status in check(reader.account_statuses(self.alice.id, pinned=True))], [self.post.id])
        self.assertEqual([status.id for status in self.bob.api.account_statuses(self.alice.id)], [other.id, self.post.id])
        with self.assertRaises(MastodonAPIError) as failed:
            self.bob.api.status_pin(self.post.id)
        self.assertEqual(failed.exception.args[1], 422)
        self.assertRegex(failed.exception.args[3], "^Validation failed: ")
        answer = check(self.alice.api.status_unpin(self.post.id))
        self.assertEqual((answer.id, answer.pinned), (self.post.id, False))
        self.assertEqual(client().account_statuses(self.alice.id, pinned=True), [])

    def test_a_status_that_is_not_there(self):
        api = self.bob.api
        for act in (
            api.status, api.status_context, api.status_source, api.status_history, api.status_reblogged_by, api.status_favourited_by,
            api.status_favourite, api.status_unfavourite, api.status_reblog, api.status_bookmark, api.status_unbookmark,
            api.status_mute, api.status_unmute, api.status_pin, api.status_unpin, api.status_delete,
        ):
            for missing in ("1", "999999999999999999", "99999999999999999999999999", "none"):
                with self.subTest(act=act.__name__, id=missing), self.assertRaises(MastodonNotFoundError) as failed:
                    act(missing)
                # Of an answer that should have been a list Mastodon.py does not read the error.
                self.assertIn(failed.exception.args[3], ("Record not found", "Endpoint not found."))
