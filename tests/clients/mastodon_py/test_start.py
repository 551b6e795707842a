"""What clients read when they start."""

import unittest
import urllib.request

from mastodon import MastodonNotFoundError, MastodonUnauthorizedError

from decoded import check
from people import SERVER, client, sign_up


class Server(unittest.TestCase):
    def test_instance(self):
        api = client()
        first, second = check(api.instance_v1()), check(api.instance_v2())
        host = SERVER.split("//")[1]
        self.assertEqual((first.uri, second.domain), (host, host))
        self.assertRegex(first.version, r"^4\.\d+\.\d+ \(compatible; miniter \d+\.\d+\.\d+")
        self.assertEqual(first.version, second.version)
        self.assertEqual(first.title, second.title)
        self.assertEqual(first.configuration.statuses.max_characters, 300)
        self.assertEqual(second.configuration.statuses.max_characters, 300)
        self.assertEqual(second.configuration.statuses.characters_reserved_per_url, 23)
        self.assertRegex(first.urls.streaming_api, "^wss?://")
        self.assertEqual(first.urls.streaming_api, second.configuration.urls.streaming)
        self.assertTrue(first.registrations)
        self.assertTrue(second.registrations.enabled)
        self.assertEqual(api.retrieve_mastodon_version(), first.version.split()[0])
        self.assertEqual(api.instance_peers(), [])

    def test_the_number_of_accounts(self):
        before = client().instance_v1().stats
        alice, _ = sign_up("alice", "bob")
        alice.post("Counted")
        after = client().instance_v1().stats
        self.assertGreaterEqual(after.user_count, before.user_count)
        self.assertGreaterEqual(after.status_count, before.status_count)
        self.assertEqual(after.domain_count, before.domain_count)

    def test_nodeinfo(self):
        for version in ("2.0", "2.1"):
            found = check(client().instance_nodeinfo(f"http://nodeinfo.diaspora.software/ns/schema/{version}"))
            self.assertEqual(found.version, version)
            self.assertEqual(found.software.name, "miniter")
            self.assertEqual(found.metadata["upstream"]["name"], "mastodon")
            self.assertTrue(found.openRegistrations)

    def test_the_oauth_server(self):
        found = client().oauth_authorization_server_info()
        self.assertEqual(found.issuer.rstrip("/"), SERVER)
        self.assertEqual(found.authorization_endpoint, f"{SERVER}/oauth/authorize")
        self.assertEqual(found.token_endpoint, f"{SERVER}/oauth/token")
        self.assertIn("S256", found.code_challenge_methods_supported)
        self.assertTrue({"read", "write", "follow", "push", "profile", "read:statuses", "write:media"} <= set(found.scopes_supported))
        self.assertEqual(set(found.grant_types_supported), {"authorization_code", "client_credentials"})


class Start(unittest.TestCase):
    def test_a_new_account(self):
        (alice,) = sign_up("alice")
        me = check(alice.me())
        self.assertEqual((me.username, me.acct), (alice.name, alice.name))
        self.assertEqual(me.url, f"{SERVER}/@{alice.name}")
        self.assertEqual((me.followers_count, me.following_count, me.statuses_count), (0, 0, 0))
        self.assertEqual((me.locked, me.bot, me.group), (False, False, False))
        self.assertEqual((me.note, me.fields, me.emojis, me.last_status_at), ("", [], [], None))
        self.assertEqual((me.source.note, me.source.fields, me.source.privacy, me.source.sensitive), ("", [], "public", False))
        self.assertEqual(me.source.follow_requests_count, 0)
        self.assertEqual(me.created_at.utcoffset().total_seconds(), 0)

    def test_pictures_are_there(self):
        (alice,) = sign_up("alice")
        me = alice.me()
        for address in {me.avatar, me.avatar_static, me.header, me.header_static}:
            with urllib.request.urlopen(address) as response:
                self.assertRegex(response.headers["Content-Type"], "^image/")
                self.assertTrue(response.read())

    def test_empty_lists(self):
        (alice,) = sign_up("alice")
        api = alice.api
        for read in (
            api.custom_emojis, api.announcements, api.filters, api.filters_v2, api.lists, api.notifications, api.follow_requests,
            api.conversations, api.trending_tags, api.trending_statuses, api.trending_links, api.followed_tags, api.timeline_home,
        ):
            with self.subTest(read.__name__):
                self.assertEqual(read(), [])
        self.assertIsInstance(check(api.suggestions_v2()), list)
        self.assertEqual(api.notifications_unread_count().count, 0)
        self.assertEqual(api.markers_get(["home", "notifications"]), {})
        with self.assertRaises(MastodonNotFoundError):
            api.push_subscription()

    def test_preferences(self):
        (alice,) = sign_up("alice")
        found = check(alice.api.preferences())
        self.assertEqual(found.posting_default_visibility, "public")
        self.assertEqual(found.posting_default_sensitive, False)
        self.assertIsNone(found.posting_default_language)
        self.assertEqual(found.reading_expand_media, "default")
        self.assertEqual(found.reading_expand_spoilers, False)

    def test_markers(self):
        (alice,) = sign_up("alice")
        first, second = alice.post("first"), alice.post("second")
        saved = alice.api.markers_set("home", first.id)
        self.assertEqual((saved["home"].last_read_id, saved["home"].version), (first.id, 1))
        saved = alice.api.markers_set(["home", "notifications"], [second.id, 0])
        self.assertEqual((saved["home"].last_read_id, saved["home"].version), (second.id, 2))
        found = check(alice.api.markers_get(["home"]))
        self.assertEqual(list(found), ["home"])
        self.assertEqual(found["home"].last_read_id, second.id)
        self.assertEqual(check(alice.api.markers_get(["home", "notifications"])).keys(), {"home", "notifications"})

    def test_without_a_token(self):
        stranger = client()
        (alice,) = sign_up("alice")
        post = alice.post("For anybody")
        self.assertEqual(stranger.status(post.id).content, post.content)
        self.assertEqual(stranger.account(alice.id).acct, alice.name)
        self.assertIn(post.id, [found.id for found in stranger.timeline_public()])
        self.assertIn(post.id, [found.id for found in stranger.timeline_local()])
        for read in (
            stranger.timeline_home, stranger.me, stranger.notifications, stranger.preferences, stranger.lists, stranger.filters_v2,
            stranger.follow_requests, stranger.conversations, stranger.followed_tags, stranger.suggestions_v2,
        ):
            with self.subTest(read.__name__), self.assertRaises(MastodonUnauthorizedError):
                read()
