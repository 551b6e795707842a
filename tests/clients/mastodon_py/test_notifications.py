"""Notifications: one of each type, filters, the marker, dismissal."""

import unittest

from mastodon import MastodonNotFoundError

from decoded import check
from people import sign_up


class Notifications(unittest.TestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = sign_up("alice", "bob", "carol")
        self.alice.api.account_follow(self.carol.id, notify=True)
        self.post = self.alice.post("By Alice")
        self.bob.api.account_follow(self.alice.id)
        self.mention = self.bob.post(f"@{self.alice.name} an answer", in_reply_to_id=self.post.id)
        self.bob.api.status_favourite(self.post.id)
        self.boost = self.bob.api.status_reblog(self.post.id)
        self.news = self.carol.post("By Carol")
        self.alice.api.account_update_credentials(locked=True)
        self.carol.api.account_follow(self.alice.id)

    def all(self, **options):
        return check(self.alice.api.notifications(**options))

    def test_each_type(self):
        found = self.all()
        self.assertEqual(
            [(one.type, one.account.id, one.status and one.status.id) for one in found],
            [
                ("follow_request", self.carol.id, None),
                ("status", self.carol.id, self.news.id),
                ("reblog", self.bob.id, self.post.id),
                ("favourite", self.bob.id, self.post.id),
                ("mention", self.bob.id, self.mention.id),
                ("follow", self.bob.id, None),
            ],
        )
        self.assertEqual([int(one.id) for one in found], sorted((int(one.id) for one in found), reverse=True))
        self.assertTrue(all(int(one.id) < 2**53 for one in found))
        self.assertEqual((found[2].status.reblogs_count, found[3].status.favourites_count), (1, 1))
        for one in found:
            self.assertEqual(self.alice.api.notifications(one.id), one)
        self.assertEqual(self.bob.api.notifications(), [])

    def test_an_edit_is_told_to_those_who_boosted(self):
        self.alice.api.status_update(self.post.id, "By Alice, edited")
        (found,) = check(self.bob.api.notifications())
        self.assertEqual((found.type, found.account.id, found.status.id), ("update", self.alice.id, self.post.id))
        self.assertEqual(found.status.content, "<p>By Alice, edited</p>")

    def test_filters(self):
        def types(**options):
            return [one.type for one in self.all(**options)]

        self.assertEqual(types(types=["mention", "follow"]), ["mention", "follow"])
        self.assertEqual(types(exclude_types=["mention", "follow", "status"]), ["follow_request", "reblog", "favourite"])
        self.assertEqual(types(types=["mention", "follow"], exclude_types=["follow"]), ["mention"])
        self.assertEqual(types(account_id=self.carol.id), ["follow_request", "status"])
        self.assertEqual(types(limit=2), ["follow_request", "status"])
        self.assertEqual(types(types=["poll"]), [])

    def test_the_unread(self):
        unread = self.alice.api.notifications_unread_count
        self.assertEqual(check(unread()).count, 6)
        found = self.all()
        self.alice.api.markers_set("notifications", found[2].id)
        self.assertEqual(unread().count, 2)
        self.alice.api.markers_set("notifications", found[0].id)
        self.assertEqual(unread().count, 0)

    def test_dismissal(self):
        found = self.all()
        self.alice.api.notifications_dismiss(found[1].id)
        self.assertEqual([one.id for one in self.all()], [one.id for one in found if one is not found[1]])
        with self.assertRaises(MastodonNotFoundError):
            self.alice.api.notifications(found[1].id)
        with self.assertRaises(MastodonNotFoundError):
            self.bob.api.notifications(found[0].id)
        self.alice.api.notifications_clear()
        self.assertEqual(self.all(), [])
        self.assertEqual(self.alice.api.notifications_unread_count().count, 0)

    def test_what_is_undone_tells_nothing(self):
        self.bob.api.status_unfavourite(self.post.id)
        self.bob.api.status_unreblog(self.post.id)
        self.bob.api.status_delete(self.mention.id)
        self.bob.api.account_unfollow(self.alice.id)
        self.carol.api.account_unfollow(self.alice.id)
        self.assertEqual([one.type for one in self.all()], ["status"])
