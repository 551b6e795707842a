"""Accounts and what connects them: profiles, follows, requests, blocks, mutes, notes."""

import unittest

from mastodon import MastodonAPIError, MastodonNotFoundError

from decoded import check
from html_of import Html
from people import SERVER, client, sign_up


class Profile(unittest.TestCase):
    def test_an_update(self):
        (alice,) = sign_up("alice")
        me = check(
            alice.api.account_update_credentials(
                display_name="Alice <A.>",
                note="I read & write #Rust\nhttps://example.com/",
                locked=True,
                bot=True,
                discoverable=True,
                fields=[("Home", "https://example.com/"), ("안녕", "🍺")],
            )
        )
        self.assertEqual((me.id, me.display_name, me.locked, me.bot, me.discoverable), (alice.id, "Alice <A.>", True, True, True))
        self.assertEqual(Html(me.note).paragraphs, ["I read & write #Rust\nhttps://example.com/"])
        self.assertEqual(me.source.note, "I read & write #Rust\nhttps://example.com/")
        self.assertEqual([(field.name, field.value) for field in me.source.fields], [("Home", "https://example.com/"), ("안녕", "🍺")])
        self.assertEqual([field.name for field in me.fields], ["Home", "안녕"])
        self.assertIn('href="https://example.com/"', me.fields[0].value)
        self.assertEqual([field.verified_at for field in me.fields], [None, None])
        seen = check(client().account(alice.id))
        self.assertEqual((seen.display_name, seen.note, seen.fields), (me.display_name, me.note, me.fields))
        self.assertIsNone(seen.source)

        me = alice.api.account_update_credentials(locked=False)
        self.assertEqual((me.locked, me.display_name, me.bot), (False, "Alice <A.>", True))
        me = alice.api.account_update_credentials(note="")
        self.assertEqual((me.note, me.source.note, me.display_name), ("", "", "Alice <A.>"))

    def test_finding_accounts(self):
        alice, bob = sign_up("alice", "bob")
        self.assertEqual(check(client().account_lookup(alice.name)).id, alice.id)
        self.assertEqual(client().account_lookup(alice.name.upper()).id, alice.id)
        self.assertEqual(client().account_lookup(f"{alice.name}@{SERVER.split('//')[1]}").id, alice.id)
        self.assertEqual({account.id for account in check(client().accounts([alice.id, bob.id, "1000000000"]))}, {alice.id, bob.id})
        self.assertIn(bob.id, [account.id for account in check(alice.api.account_search(bob.name))])
        self.assertEqual(alice.api.account_search(bob.name, following=True), [])
        alice.api.account_follow(bob.id)
        self.assertEqual([account.id for account in alice.api.account_search(bob.name, following=True)], [bob.id])
        for missing in ("nobody_of_this_name", f"{alice.name}@elsewhere.example"):
            with self.assertRaises(MastodonNotFoundError):
                client().account_lookup(missing)
        for missing in ("1000000000", "99999999999999999999999999", "none"):
            with self.assertRaises(MastodonNotFoundError):
                client().account(missing)


class Follows(unittest.TestCase):
    def counters(self, person):
        account = client().account(person.id)
        return account.followers_count, account.following_count

    def test_follow_and_unfollow(self):
        alice, bob = sign_up("alice", "bob")
        before = alice.post("Before")
        for _ in range(2):
            answer = check(bob.api.account_follow(alice.id))
            self.assertEqual((answer.id, answer.following, answer.followed_by, answer.requested), (alice.id, True, False, False))
            self.assertEqual((answer.showing_reblogs, answer.notifying), (True, False))
            self.assertEqual((self.counters(alice), self.counters(bob)), ((1, 0), (0, 1)))
        after = alice.post("After")
        self.assertEqual(bob.home(), [after.id, before.id])
        self.assertEqual([account.id for account in check(client().account_followers(alice.id))], [bob.id])
        self.assertEqual([account.id for account in check(client().account_following(bob.id))], [alice.id])
        self.assertEqual((alice.to(bob).following, alice.to(bob).followed_by), (False, True))

        answer = check(bob.api.account_unfollow(alice.id))
        self.assertEqual((answer.id, answer.following, answer.showing_reblogs), (alice.id, False, False))
        self.assertEqual((self.counters(alice), self.counters(bob)), ((0, 0), (0, 0)))
        self.assertEqual(bob.home(), [])
        self.assertEqual(client().account_followers(alice.id), [])
        for refused in (bob.id, "1000000000"):
            with self.assertRaises(MastodonAPIError):
                bob.api.account_follow(refused)

    def test_what_a_follow_shows(self):
        alice, bob, carol = sign_up("alice", "bob", "carol")
        post = carol.post("By Carol")
        answer = bob.api.account_follow(alice.id, reblogs=False, notify=True)
        self.assertEqual((answer.showing_reblogs, answer.notifying), (False, True))
        boost = alice.api.status_reblog(post.id)
        own = alice.post("By Alice")
        self.assertEqual(bob.home(), [own.id])
        self.assertEqual([found.status.id for found in bob.api.notifications(types=["status"])], [own.id])
        answer = bob.api.account_follow(alice.id, reblogs=True)
        self.assertEqual(answer.showing_reblogs, True)
        self.assertEqual(bob.home(), [own.id, boost.id])

    def test_replies_at_home(self):
        alice, bob, carol = sign_up("alice", "bob", "carol")
        bob.api.account_follow(alice.id)
        start = carol.post("By Carol")
        to_carol = alice.post("To Carol", in_reply_to_id=start.id)
        to_bob = alice.post("To Bob", in_reply_to_id=bob.post("By Bob").id)
        to_self = alice.post("To myself", in_reply_to_id=to_carol.id)
        home = bob.home()
        self.assertIn(to_bob.id, home)
        self.assertIn(to_self.id, home)
        self.assertNotIn(to_carol.id, home)
        bob.api.account_follow(carol.id)
        self.assertIn(to_carol.id, bob.home())
        replies = [status.id for status in bob.api.account_statuses(alice.id, exclude_replies=True)]
        # A thread of one's own is no reply to anybody.
        self.assertNotIn(to_carol.id, replies)
        self.assertNotIn(to_bob.id, replies)

    def test_remove_from_followers(self):
        alice, bob = sign_up("alice", "bob")
        bob.api.account_follow(alice.id)
        answer = check(alice.api.account_remove_from_followers(bob.id))
        self.assertEqual((answer.id, answer.followed_by), (bob.id, False))
        self.assertFalse(bob.to(alice).following)
        self.assertEqual(self.counters(alice), (0, 0))

    def test_familiar_followers(self):
        alice, bob, carol = sign_up("alice", "bob", "carol")
        alice.api.account_follow(bob.id)
        bob.api.account_follow(carol.id)
        (found,) = check(alice.api.account_familiar_followers([carol.id]))
        self.assertEqual((found.id, [account.id for account in found.accounts]), (carol.id, [bob.id]))

    def test_several_relationships(self):
        alice, bob, carol = sign_up("alice", "bob", "carol")
        alice.api.account_follow(carol.id)
        found = check(alice.api.account_relationships([bob.id, carol.id]))
        self.assertEqual({relationship.id: relationship.following for relationship in found}, {bob.id: False, carol.id: True})

    def test_a_locked_account(self):
        alice, bob, carol = sign_up("alice", "bob", "carol")
        alice.api.account_update_credentials(locked=True)
        private = alice.post("For followers", visibility="private")
        answer = check(bob.api.account_follow(alice.id))
        self.assertEqual((answer.following, answer.requested), (False, True))
        carol.api.account_follow(alice.id)
        self.assertEqual(self.counters(alice), (0, 0))
        self.assertEqual(alice.me().source.follow_requests_count, 2)
        self.assertEqual({account.id for account in check(alice.api.follow_requests())}, {bob.id, carol.id})
        notified = {(found.type, found.account.id) for found in alice.api.notifications()}
        self.assertEqual(notified, {("follow_request", bob.id), ("follow_request", carol.id)})
        with self.assertRaises(MastodonNotFoundError):
            bob.api.status(private.id)

        answer = check(alice.api.follow_request_authorize(bob.id))
        self.assertEqual((answer.id, answer.followed_by), (bob.id, True))
        alice.api.follow_request_reject(carol.id)
        self.assertEqual((bob.to(alice).following, bob.to(alice).requested), (True, False))
        self.assertEqual((carol.to(alice).following, carol.to(alice).requested), (False, False))
        self.assertEqual(alice.api.follow_requests(), [])
        self.assertEqual(bob.api.status(private.id).id, private.id)
        self.assertEqual(bob.home(), [private.id])
        self.assertEqual(self.counters(alice), (1, 0))
        with self.assertRaises(MastodonNotFoundError):
            carol.api.status(private.id)

        # A request is taken back like a follow.
        carol.api.account_follow(alice.id)
        self.assertFalse(carol.api.account_unfollow(alice.id).requested)
        self.assertEqual(alice.api.follow_requests(), [])


class Away(unittest.TestCase):
    def test_block(self):
        alice, bob = sign_up("alice", "bob")
        alice.api.account_follow(bob.id)
        bob.api.account_follow(alice.id)
        post = bob.post("By Bob")
        answer = check(alice.api.account_block(bob.id))
        self.assertEqual((answer.id, answer.blocking, answer.following, answer.followed_by), (bob.id, True, False, False))
        self.assertEqual((bob.to(alice).blocked_by, bob.to(alice).following), (True, False))
        self.assertEqual((alice.me().followers_count, alice.me().following_count), (0, 0))
        self.assertEqual([account.id for account in check(alice.api.blocks())], [bob.id])
        self.assertEqual(alice.home(), [])
        self.assertNotIn(post.id, [found.id for found in alice.api.timeline_public(limit=40)])
        with self.assertRaises(MastodonAPIError):
            bob.api.account_follow(alice.id)
        bob.post(f"@{alice.name} can you hear me?")
        self.assertEqual(alice.api.notifications(types=["mention"]), [])

        answer = check(alice.api.account_unblock(bob.id))
        self.assertEqual((answer.id, answer.blocking), (bob.id, False))
        self.assertEqual((alice.api.blocks(), bob.to(alice).blocked_by), ([], False))
        self.assertTrue(bob.api.account_follow(alice.id).following)

    def test_mute(self):
        alice, bob = sign_up("alice", "bob")
        alice.api.account_follow(bob.id)
        post = bob.post(f"By Bob for @{alice.name}")
        self.assertEqual(alice.home(), [post.id])
        answer = check(alice.api.account_mute(bob.id))
        self.assertEqual((answer.id, answer.muting, answer.muting_notifications, answer.following), (bob.id, True, True, True))
        self.assertEqual(alice.home(), [])
        self.assertEqual(alice.api.notifications(), [])
        self.assertFalse(bob.to(alice).blocked_by)
        self.assertEqual([account.id for account in check(alice.api.mutes())], [bob.id])
        # Muted is not hidden: a page that one opens shows it.
        self.assertEqual(alice.api.status(post.id).id, post.id)

        answer = check(alice.api.account_unmute(bob.id))
        self.assertEqual((answer.muting, answer.muting_notifications), (False, False))
        self.assertEqual((alice.home(), alice.api.mutes()), ([post.id], []))

        answer = alice.api.account_mute(bob.id, notifications=False, duration=3600)
        self.assertEqual((answer.muting, answer.muting_notifications), (True, False))
        bob.post(f"Again for @{alice.name}")
        self.assertEqual(alice.api.notifications(types=["mention"])[0].account.id, bob.id)
        (muted,) = check(alice.api.mutes())
        self.assertIsNotNone(muted.mute_expires_at)

    def test_note(self):
        alice, bob = sign_up("alice", "bob")
        self.assertEqual(check(alice.api.account_note_set(bob.id, "Met <in> 안녕")).note, "Met <in> 안녕")
        self.assertEqual((alice.to(bob).note, bob.to(alice).note), ("Met <in> 안녕", ""))
        self.assertEqual(alice.api.account_note_set(bob.id, "").note, "")
