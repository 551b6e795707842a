"""Who may see a status: its author, a follower, the person mentioned, a stranger, and anybody without an account."""

import unittest

from mastodon import MastodonAPIError, MastodonNotFoundError

from people import client, sign_up


class Visibility(unittest.TestCase):
    def setUp(self):
        self.alice, self.follower, self.mentioned, self.stranger = sign_up("alice", "follower", "mentioned", "stranger")
        self.follower.api.account_follow(self.alice.id)
        self.posts = {
            visibility: self.alice.post(f"{visibility} for @{self.mentioned.name}", visibility=visibility).id
            for visibility in ("public", "unlisted", "private", "direct")
        }
        self.readers = {
            "author": self.alice.api,
            "follower": self.follower.api,
            "mentioned": self.mentioned.api,
            "stranger": self.stranger.api,
            "anybody": client(),
        }
        everything, open_ones = ["public", "unlisted", "private", "direct"], ["public", "unlisted"]
        self.may_see = {
            "author": everything,
            "follower": ["public", "unlisted", "private"],
            "mentioned": everything,
            "stranger": open_ones,
            "anybody": open_ones,
        }

    def names(self, statuses):
        """Which of the posts are in a list, oldest first."""
        ids = [status.id for status in statuses]
        return [visibility for visibility, post in self.posts.items() if post in ids]

    def test_one_by_one(self):
        for name, reader in self.readers.items():
            for visibility, post in self.posts.items():
                with self.subTest(reader=name, visibility=visibility):
                    if visibility in self.may_see[name]:
                        self.assertEqual(reader.status(post).visibility, visibility)
                        self.assertEqual(reader.status_context(post).ancestors, [])
                    else:
                        for read in (reader.status, reader.status_context, reader.status_history):
                            with self.assertRaises(MastodonNotFoundError):
                                read(post)

    def test_acting_on_what_one_may_not_see(self):
        api = self.stranger.api
        for visibility in ("private", "direct"):
            for act in (api.status_favourite, api.status_reblog, api.status_bookmark, api.status_mute, api.status_source):
                with self.subTest(visibility=visibility, act=act.__name__), self.assertRaises(MastodonNotFoundError):
                    act(self.posts[visibility])
        for visibility in ("private", "direct"):
            with self.assertRaises(MastodonAPIError):
                self.mentioned.api.status_reblog(self.posts[visibility])

    def test_on_the_page_of_the_author(self):
        for name, reader in self.readers.items():
            with self.subTest(reader=name):
                found = reader.account_statuses(self.alice.id)
                self.assertEqual(self.names(found), self.may_see[name])
                self.assertEqual([status.id for status in found], sorted((status.id for status in found), key=int, reverse=True))

    def test_in_the_public_timeline(self):
        for name, reader in self.readers.items():
            with self.subTest(reader=name):
                self.assertEqual(self.names(reader.timeline_public(limit=40)), ["public"])

    def test_at_home(self):
        # A direct post comes as a notification.
        self.assertEqual(self.names(self.alice.api.timeline_home()), ["public", "unlisted", "private"])
        self.assertEqual(self.names(self.follower.api.timeline_home()), ["public", "unlisted", "private"])
        self.assertEqual(self.mentioned.api.timeline_home(), [])
        self.assertEqual(self.stranger.api.timeline_home(), [])

    def test_in_notifications(self):
        found = self.mentioned.api.notifications(types=["mention"])
        self.assertIn(self.posts["direct"], [notification.status.id for notification in found])
        self.assertEqual(self.stranger.api.notifications(types=["mention"]), [])

    def test_after_the_follow_has_ended(self):
        self.follower.api.account_unfollow(self.alice.id)
        self.assertEqual(self.names(self.follower.api.account_statuses(self.alice.id)), ["public", "unlisted"])
        with self.assertRaises(MastodonNotFoundError):
            self.follower.api.status(self.posts["private"])
        self.assertEqual(self.follower.home(), [])

    def test_a_block_hides(self):
        self.alice.api.account_block(self.mentioned.id)
        self.assertEqual(self.mentioned.api.account_statuses(self.alice.id), [])
        for post in self.posts.values():
            with self.assertRaises(MastodonNotFoundError):
                self.mentioned.api.status(post)
        self.assertEqual(self.names(self.mentioned.api.timeline_public(limit=40)), [])
