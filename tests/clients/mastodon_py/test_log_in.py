"""Apps, sign-up, the log-in pages, tokens."""

import unittest
import urllib.parse

from mastodon import Mastodon, MastodonAPIError, MastodonIllegalArgumentError, MastodonUnauthorizedError

import pages
from decoded import check
from people import PASSWORD, SCOPES, SERVER, client, sign_up


class LogIn(unittest.TestCase):
    def test_a_code_shown_on_the_page_gives_a_token(self):
        (alice,) = sign_up("alice")
        api = client()
        url = api.auth_request_url(scopes=SCOPES, allow_http=True)
        code = pages.authorize(url, alice.email, PASSWORD)
        token = api.log_in(code=code, scopes=SCOPES, allow_http=True)
        self.assertNotEqual(token, alice.token)
        self.assertEqual(check(api.me()).id, alice.id)
        app = check(api.app_verify_credentials())
        self.assertEqual((app.name, app.website, set(app.scopes)), ("Mastodon.py", "https://client.example/", set(SCOPES)))

    def test_a_code_counts_once(self):
        (alice,) = sign_up("alice")
        first, second = client(), client()
        code = pages.authorize(first.auth_request_url(scopes=SCOPES, allow_http=True), alice.email, PASSWORD)
        first.log_in(code=code, scopes=SCOPES, allow_http=True)
        with self.assertRaises(MastodonIllegalArgumentError):
            second.log_in(code=code, scopes=SCOPES, allow_http=True)
        # A stolen code: what came of it is revoked.
        with self.assertRaises(MastodonUnauthorizedError):
            first.me()
        self.assertEqual(alice.me().id, alice.id)

    def test_redirects_return_code_and_state(self):
        (alice,) = sign_up("alice")
        for redirect in ("https://client.example/callback?from=miniter", "com.tapbots.Ivory.10217:/request_token", "icecubesapp://"):
            with self.subTest(redirect):
                credentials = Mastodon.create_app("Redirected", scopes=["read"], redirect_uris=[redirect, "x-other://there"], api_base_url=SERVER)
                api = client(credentials=credentials)
                url = api.auth_request_url(redirect_uris=redirect, scopes=["read"], state="a state & more", allow_http=True)
                returned = pages.authorize(url, alice.email, PASSWORD)
                self.assertEqual(returned[: len(redirect)], redirect)
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(returned).query)
                self.assertEqual(query["state"], ["a state & more"])
                api.log_in(code=query["code"][0], redirect_uri=redirect, scopes=["read"], allow_http=True)
                self.assertEqual(api.me().id, alice.id)

                denied = pages.authorize(url, alice.email, PASSWORD, allow=False)
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(denied).query)
                self.assertEqual(query["error"], ["access_denied"])
                self.assertEqual(query["state"], ["a state & more"])

    def test_a_wrong_password_gives_no_code(self):
        (alice,) = sign_up("alice")
        url = client().auth_request_url(scopes=SCOPES, allow_http=True)
        with self.assertRaisesRegex(pages.Stuck, "log-in did not succeed"):
            pages.authorize(url, alice.email, "a course of horse")

    def test_a_browser_that_is_logged_in_is_asked_for_consent_only(self):
        (alice,) = sign_up("alice")
        browser = pages.Browser()
        forced = client().auth_request_url(scopes=SCOPES, allow_http=True, force_login=True)
        # It always says force_login, and "False" is none of the words that mean no.
        url = forced.replace("&force_login=True", "")
        first = pages.authorize(url, alice.email, PASSWORD, browser=browser)
        second = pages.authorize(url, "nobody@clients.example", "no password", browser=browser)
        self.assertNotEqual(first, second)
        with self.assertRaises(pages.Stuck):
            pages.authorize(forced, "nobody@clients.example", "no password", browser=browser)

    def test_a_token_does_what_its_scopes_allow(self):
        (alice,) = sign_up("alice")
        api = client()
        url = api.auth_request_url(scopes=["read:accounts"], allow_http=True)
        api.log_in(code=pages.authorize(url, alice.email, PASSWORD), scopes=["read:accounts"], allow_http=True)
        self.assertEqual(api.me().id, alice.id)
        for call in (lambda: api.status_post("not allowed"), api.timeline_home):
            with self.assertRaises(MastodonAPIError) as failed:
                call()
            self.assertEqual(failed.exception.args[1], 403)
            # Of an answer that should have been a list Mastodon.py does not read the error.
            self.assertIn(failed.exception.args[3], ("This action is outside the authorized scopes", None))
        self.assertEqual(alice.home(), [])

    def test_who_is_logged_in(self):
        (alice,) = sign_up("alice")
        api = client()
        url = api.auth_request_url(scopes=["profile"], allow_http=True)
        with self.assertRaises(pages.Stuck):
            # More than the app registered.
            pages.authorize(url, alice.email, PASSWORD)
        api = client(credentials=Mastodon.create_app("Profile", scopes=["profile"], api_base_url=SERVER))
        url = api.auth_request_url(scopes=["profile"], allow_http=True)
        api.log_in(code=pages.authorize(url, alice.email, PASSWORD), scopes=["profile"], allow_http=True)
        # Mastodon.py's own function demands https.
        found = api._Mastodon__api_request("GET", "/oauth/userinfo")
        self.assertEqual((found.sub, found.preferred_username), (f"{SERVER}/@{alice.name}", alice.name))
        with self.assertRaises(MastodonAPIError) as failed:
            api.timeline_home()
        self.assertEqual(failed.exception.args[1], 403)

    def test_a_token_that_is_none(self):
        with self.assertRaises(MastodonUnauthorizedError) as failed:
            client("no token").me()
        self.assertEqual(failed.exception.args[1:], (401, "Unauthorized", "The access token is invalid"))

    def test_a_sign_up_that_fails_says_which_field(self):
        (alice,) = sign_up("alice")
        for name, email, password, agreement, field, error in (
            (alice.name, "other@clients.example", PASSWORD, True, "username", "ERR_TAKEN"),
            (alice.name.upper(), "other@clients.example", PASSWORD, True, "username", "ERR_TAKEN"),
            ("a name with spaces", "other@clients.example", PASSWORD, True, "username", "ERR_INVALID"),
            ("other_name", alice.email, PASSWORD, True, "email", "ERR_TAKEN"),
            ("other_name", "other@clients.example", "short", True, "password", "ERR_TOO_SHORT"),
            ("other_name", "other@clients.example", PASSWORD, False, "agreement", "ERR_ACCEPTED"),
        ):
            with self.subTest(field=field, error=error):
                token, answer = client().create_account(name, password, email, agreement=agreement, scopes=SCOPES, return_detailed_error=True)
                self.assertIsNone(token)
                self.assertRegex(answer.error, "^Validation failed: ")
                self.assertEqual([found.error for found in answer.details[field]], [error])
                self.assertTrue(answer.details[field][0].description)

    def test_rate_limits_are_decoded(self):
        (alice,) = sign_up("alice")
        alice.me()
        before = alice.api.ratelimit_remaining
        self.assertLessEqual(before, alice.api.ratelimit_limit)
        # Mastodon.py assumes 300 if the server says nothing.
        self.assertNotEqual(alice.api.ratelimit_limit, 300)
        self.assertIsNotNone(alice.api.ratelimit_reset)
