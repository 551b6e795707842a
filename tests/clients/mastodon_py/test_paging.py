"""Through 100 posts by Mastodon.py's own paging, down and up again, in each list that has pages."""

import random
import unittest

from decoded import check
from people import client, sign_up

POSTS = 100


def ids(page):
    return [entry.id for entry in page]


class Paging(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.alice, cls.bob, cls.carol = sign_up("alice", "bob", "carol")
        for followed in (cls.alice, cls.carol):
            cls.bob.api.account_follow(followed.id)
        # Pages are full although muted posts are in between.
        cls.bob.api.account_mute(cls.carol.id)
        cls.posts = []
        for number in range(POSTS):
            cls.posts.insert(0, cls.alice.post(f"Number {number}").id)
            if number % 3 == 0:
                cls.carol.post(f"Between {number}")
        # The order of favourites and bookmarks is not the order of posts.
        cls.favourites = random.Random(7).sample(cls.posts, POSTS)
        cls.bookmarks = random.Random(8).sample(cls.posts, POSTS)
        for post in reversed(cls.favourites):
            cls.bob.api.status_favourite(post)
        for post in reversed(cls.bookmarks):
            cls.bob.api.status_bookmark(post)

    def both_ways(self, reader, first, expected, limit):
        """Reads all pages from `first` down and up again. `expected` has all ids, newest first."""
        page = check(first)
        down = []
        while page:
            down.append(page)
            page = reader.fetch_next(page)
        self.assertEqual([entry for page in down for entry in ids(page)], expected)
        self.assertEqual([len(page) for page in down[:-1]], [limit] * (len(down) - 1))

        up, page = [], down[-1]
        while page:
            up.append(page)
            page = reader.fetch_previous(page)
        self.assertEqual([entry for page in reversed(up) for entry in ids(page)], expected)
        self.assertEqual([len(page) for page in up[1:-1]], [limit] * (len(up) - 2))

    def test_home(self):
        for limit in (7, 20, 33, 40):
            with self.subTest(limit):
                self.both_ways(self.bob.api, self.bob.api.timeline_home(limit=limit), self.posts, limit)
        self.both_ways(self.alice.api, self.alice.api.timeline_home(limit=30), self.posts, 30)

    def test_the_posts_of_an_account(self):
        for reader in (self.bob.api, client()):
            self.both_ways(reader, reader.account_statuses(self.alice.id, limit=30), self.posts, 30)
            self.both_ways(reader, reader.account_statuses(self.alice.id, limit=9, exclude_replies=True, exclude_reblogs=True), self.posts, 9)
        self.assertEqual(client().account_statuses(self.alice.id, only_media=True), [])

    def test_public(self):
        reader, seen = self.bob.api, []
        page = reader.timeline_public(limit=11)
        while page and page[-1].id != self.posts[-1] and len(seen) < 20 * POSTS:
            seen += ids(page)
            if self.posts[-1] in seen:
                break
            page = reader.fetch_next(page)
        seen += ids(page) if page and self.posts[-1] not in seen else []
        self.assertEqual([post for post in seen if post in self.posts], self.posts)
        self.assertEqual(seen, sorted(set(seen), key=int, reverse=True))

    def test_favourites_and_bookmarks(self):
        api = self.bob.api
        self.both_ways(api, api.favourites(limit=13), self.favourites, 13)
        self.both_ways(api, api.bookmarks(limit=13), self.bookmarks, 13)

    def test_notifications(self):
        api = self.alice.api
        everything = api.notifications(limit=80)
        everything += api.fetch_next(everything)
        self.assertEqual(len(everything), POSTS + 1)
        self.assertEqual(
            [one.status and one.status.id for one in everything], self.favourites + [None], "newest first: favourites, then the follow"
        )
        self.both_ways(api, api.notifications(limit=12), ids(everything), 12)
        self.both_ways(api, api.notifications(limit=12, types=["favourite"]), ids(everything)[:-1], 12)

    def test_accounts(self):
        people = sign_up(*["follower"] * 7)
        for person in people:
            person.api.account_follow(self.carol.id)
        newest_first = [person.id for person in reversed(people)] + [self.bob.id]
        reader = client()
        self.both_ways(reader, reader.account_followers(self.carol.id, limit=3), newest_first, 3)
        for person in people:
            self.carol.api.account_follow(person.id)
        self.both_ways(reader, reader.account_following(self.carol.id, limit=3), newest_first[:-1], 3)

    def test_cursors(self):
        posts = self.posts
        read = self.bob.api.timeline_home
        self.assertEqual(ids(read(max_id=posts[50], limit=10)), posts[51:61])
        self.assertEqual(ids(read(min_id=posts[50], limit=10)), posts[40:50])
        self.assertEqual(ids(read(since_id=posts[50], limit=10)), posts[:10])
        self.assertEqual(ids(read(max_id=posts[20], min_id=posts[50], limit=10)), posts[40:50])
        self.assertEqual(ids(read(max_id=posts[20], since_id=posts[50], limit=40)), posts[21:50])
        self.assertEqual(ids(read(min_id=posts[0])), [])
        self.assertEqual(ids(read(max_id=posts[-1])), [])
        self.assertEqual(len(read()), 20)
        self.assertEqual(len(read(limit=1000)), 40)
        self.assertEqual(len(read(limit=1)), 1)

    def test_whoever_polls_misses_nothing(self):
        (dave,) = sign_up("dave")
        dave.api.account_follow(self.alice.id)
        newest, seen = dave.home()[0], []
        for number in range(5):
            post = self.alice.post(f"While somebody polls {number}")
            found = ids(dave.api.timeline_home(min_id=newest))
            self.assertEqual(found, [post.id])
            newest = found[0]
            seen.append(post.id)
        for post in seen:
            self.alice.api.status_delete(post)
        self.assertEqual(dave.home(), self.posts[:20])
