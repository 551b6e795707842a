"""Accounts for the tests in Python: signed up and logged in by Mastodon.py."""

import functools
import itertools
import os

import requests
from mastodon import Mastodon

SERVER = os.environ["MINITER_TEST_SERVER"]
PASSWORD = "a horse of course"
SCOPES = ["read", "write", "follow", "push"]

_numbers = itertools.count(1)
_session = requests.Session()


@functools.cache
def app():
    """Client id and secret of the app that the tests share."""
    return Mastodon.create_app("Mastodon.py", scopes=SCOPES, api_base_url=SERVER, website="https://client.example/")


def client(token=None, credentials=None):
    """Mastodon.py with a token, or without one."""
    client_id, secret = credentials or app()
    # A test shall fail at a rate limit, not wait for its end.
    return Mastodon(client_id, secret, token, SERVER, session=_session, ratelimit_method="throw")


class Person:
    """An account with a name of its own, and its client `api`."""

    def __init__(self, name):
        # The tests for the second database, and the other clients, have names of their own.
        self.name = f"{name}_{os.environ.get('MINITER_TEST_SUITE', 'py')}{next(_numbers)}"
        self.email = f"{self.name}@clients.example"
        self.api = client()
        self.token = self.api.create_account(self.name, PASSWORD, self.email, agreement=True, scopes=SCOPES)
        self.id = self.api.me().id

    def post(self, text, **options):
        return self.api.status_post(text, **options)

    def me(self):
        return self.api.me()

    def to(self, other):
        """The relationship of this account to `other`."""
        (relationship,) = self.api.account_relationships(other.id)
        return relationship

    def home(self):
        """The ids on the newest page of the home timeline."""
        return [status.id for status in self.api.timeline_home()]


def sign_up(*names):
    return [Person(name) for name in names]
