"""Writes what Mastodon.py decodes of a home timeline. The other clients decode the same one, and compare (comparison.py)."""

import json
import os
import unittest

from comparison import summary
from people import sign_up


class Comparison(unittest.TestCase):
    def test_a_home_timeline(self):
        alice, bob, carol, reader = sign_up("alice", "bob", "carol", "reader")
        for followed in (alice, bob):
            reader.api.account_follow(followed.id)
        alice.api.account_update_credentials(display_name="Alice <A.> 안녕", note="I read", fields=[("Home", "https://example.com/")])
        first = alice.post("The <first> & only\n\n#Rust https://example.com/", language="en")
        secret = alice.post("Behind a warning", spoiler_text="Careful & <slow>", sensitive=True, visibility="unlisted")
        bob.post("For followers 🍺", visibility="private")
        bob.api.status_reply(first, "an answer")
        alice.api.status_update(secret.id, "Behind a warning, edited", spoiler_text="Careful & <slow>", sensitive=True)
        bob.api.status_reblog(carol.post("By somebody else").id)
        reader.api.status_favourite(first.id)
        reader.api.status_bookmark(secret.id)
        own = reader.post(f"My own for @{alice.name}")
        reader.api.status_pin(own.id)

        home = [summary(status) for status in reader.api.timeline_home()]
        self.assertEqual(len(home), 6)
        self.assertEqual([status["favourited"] for status in home], [False] * 5 + [True])
        with open(os.environ["MINITER_TEST_COMPARISON"], "w", encoding="utf-8") as file:
            json.dump({"name": reader.name, "email": reader.email, "token": reader.token, "home": home}, file)
