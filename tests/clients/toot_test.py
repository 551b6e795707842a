"""The command line of toot: what it prints and what it decodes. It has accounts of its own, which the classic API signs up."""

import json
import os
import re
import select
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone

import requests

import pages
from comparison import summary
from people import PASSWORD, SERVER

# toot's own decoder.
from toot.entities import Account, Instance, Notification, Relationship, Status, from_dict

TOOT = os.path.join(os.path.dirname(sys.executable), "toot")
_number = 0


class Failed(Exception):
    """toot ended with an error; its text is in the message."""


class Toot:
    """toot with a folder of its own for settings, logged in as a person."""

    def __init__(self, name):
        global _number
        _number += 1
        self.name = f"{name}_toot{os.getpid()}_{_number}"
        self.email = f"{self.name}@clients.example"
        answer = requests.post(
            f"{SERVER}/sign-up",
            json={"name": name, "username": self.name, "email": self.email, "password": PASSWORD, "profile": "I toot"},
            timeout=30,
        )
        answer.raise_for_status()
        self.id = str(answer.json()["id"])
        self.said = self.log_in(self.email)

    def log_in(self, email, password=PASSWORD):
        """`toot login` in its own words: it prints an address, waits for a line, and asks for the code."""
        folder = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(folder.cleanup)
        # Neither settings nor the browser of the person who runs the tests.
        self.environment = {
            "PATH": os.environ["PATH"], "XDG_CONFIG_HOME": folder.name, "HOME": folder.name, "LANG": "C.UTF-8", "BROWSER": "true",
            # One screen for all.
            "LINES": "100000", "COLUMNS": "200",
        }
        with subprocess.Popen(
            [TOOT, "login", "--instance", SERVER], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as login:
            said = ""
            while not re.search(r"Login URL:\n(\S+)\n", said):
                ready, _, _ = select.select([login.stdout], [], [], 30)
                more = os.read(login.stdout.fileno(), 65536).decode() if ready else ""
                if not more:
                    login.kill()
                    raise Failed(said)
                said += more
            url = re.search(r"Login URL:\n(\S+)\n", said)[1]
            code = pages.authorize(url, email, password)
            more, _ = login.communicate(f"n\n{code}\n".encode(), timeout=30)
            if login.returncode != 0:
                raise Failed(said + more.decode())
            return said + more.decode()

    def __call__(self, *arguments, stdin=""):
        """What a command prints."""
        ran = subprocess.run(
            [TOOT, *arguments], env=self.environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        if ran.returncode != 0:
            raise Failed(ran.stdout + ran.stderr)
        return ran.stdout

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json"))

    def status(self, *arguments):
        return from_dict(Status, self.json(*arguments))

    def relationship(self, *arguments):
        return from_dict(Relationship, self.json(*arguments))

    def home(self):
        return [status["id"] for status in self.json("timelines", "home")]


def people(*names):
    return [Toot(name) for name in names]


class Tests(unittest.TestCase):
    def test_log_in(self):
        (alice,) = people("alice")
        self.assertIn("Successfully logged in.", alice.said)
        self.assertRegex(alice("auth"), rf"\* {alice.name}@\S+ ACTIVE")
        account = from_dict(Account, alice.json("whoami"))
        self.assertEqual((account.id, account.username, account.display_name), (alice.id, alice.name, "alice"))
        self.assertIn(f"@{alice.name} alice", alice("whoami"))
        instance = from_dict(Instance, alice.json("instance"))
        self.assertRegex(alice("instance", SERVER), f"running Mastodon {re.escape(instance.version)}")
        self.assertEqual(instance.configuration.statuses.max_characters, 300)

    def test_a_post_in_each_visibility(self):
        alice, bob = people("alice", "bob")
        for visibility in ("public", "unlisted", "private", "direct"):
            post = alice.status("post", f"A {visibility} post for @{bob.name}", "--visibility", visibility)
            self.assertEqual((post.visibility, post.account.id), (visibility, alice.id))
            self.assertEqual(post.application.name, "toot - a Mastodon CLI client")
            self.assertEqual([mention.id for mention in post.mentions], [bob.id])
            self.assertLess(abs((datetime.now(timezone.utc) - post.created_at).total_seconds()), 60)
            self.assertEqual(bob.status("status", post.id).content, post.content)
            self.assertIn(f"A {visibility} post for @{bob.name}", bob("status", post.id))
        said = alice("post", "With a warning", "--spoiler-text", "Careful", "--language", "ko", "--sensitive")
        self.assertRegex(said, rf"^Toot posted: {SERVER}/@{alice.name}/\d+\n$")
        post = alice.status("status", said.strip().split("/")[-1])
        self.assertEqual((post.spoiler_text, post.sensitive, post.language), ("Careful", True, "ko"))
        post = alice.status("post", "From the\nkeyboard")
        self.assertEqual(post.content, "<p>From the<br />keyboard</p>")

    def test_a_thread(self):
        alice, bob = people("alice", "bob")
        root = alice.status("post", "The root")
        reply = bob.status("post", "The reply", "--reply-to", root.id)
        self.assertEqual((reply.in_reply_to_id, reply.in_reply_to_account_id), (root.id, alice.id))
        leaf = bob.status("post", "The leaf", "--reply-last")
        context = alice.json("thread", reply.id)
        self.assertEqual([status["id"] for status in context["ancestors"]], [root.id])
        self.assertEqual([status["id"] for status in context["descendants"]], [leaf.id])
        # As in Mastodon, what authors add to their own posts comes first.
        self.assertRegex(alice("thread", root.id), "(?s)The root.*The leaf.*The reply")

    def test_actions_on_a_post(self):
        alice, bob = people("alice", "bob")
        post = alice.status("post", "To act upon")
        done = bob.status("favourite", post.id)
        self.assertEqual((done.id, done.favourited, done.favourites_count), (post.id, True, 1))
        self.assertEqual([status["id"] for status in bob.json("timelines", "favourites")], [post.id])
        done = bob.status("unfavourite", post.id)
        self.assertEqual((done.id, done.favourited, done.favourites_count), (post.id, False, 0))
        self.assertTrue(bob.status("bookmark", post.id).bookmarked)
        self.assertIn("To act upon", bob("bookmarks", "--once"))
        self.assertFalse(bob.status("unbookmark", post.id).bookmarked)
        self.assertNotIn("To act upon", bob("bookmarks", "--once"))
        boost = bob.status("reblog", post.id, "--visibility", "unlisted")
        self.assertEqual((boost.reblog.id, boost.visibility, boost.reblog.reblogs_count), (post.id, "unlisted", 1))
        self.assertEqual([account["id"] for account in alice.json("reblogged-by", post.id)], [bob.id])
        self.assertEqual(bob.status("unreblog", post.id).reblogs_count, 0)
        self.assertTrue(alice.status("pin", post.id).pinned)
        self.assertFalse(alice.status("unpin", post.id).pinned)
        self.assertEqual(alice("favourite", post.id), "✓ Status favourited\n")

        with self.assertRaisesRegex(Failed, "Record not found"):
            bob("delete", post.id)
        self.assertEqual(alice("delete", post.id), "✓ Status deleted\n")
        with self.assertRaisesRegex(Failed, "Record not found"):
            alice("status", post.id)

    def test_people(self):
        alice, bob = people("alice", "bob")
        post = bob.status("post", "By Bob")
        self.assertEqual(alice("follow", bob.name), f"✓ You are now following {bob.name}\n")
        self.assertEqual([account["id"] for account in alice.json("following")], [bob.id])
        self.assertEqual([account["id"] for account in bob.json("followers")], [alice.id])
        self.assertEqual(from_dict(Account, alice.json("whois", bob.name)).followers_count, 1)
        self.assertEqual(alice.home(), [post.id])
        self.assertTrue(alice.relationship("mute", bob.name).muting)
        self.assertEqual(([account["id"] for account in alice.json("muted")], alice.home()), ([bob.id], []))
        self.assertFalse(alice.relationship("unmute", bob.name).muting)
        self.assertEqual(alice.home(), [post.id])
        self.assertFalse(alice.relationship("block", bob.name).following)
        self.assertEqual(([account["id"] for account in alice.json("blocked")], alice.home()), ([bob.id], []))
        self.assertFalse(alice.relationship("unblock", bob.name).blocking)
        self.assertTrue(alice.relationship("follow", bob.name).following)
        self.assertFalse(alice.relationship("unfollow", bob.name).following)
        self.assertEqual(alice.json("following"), [])
        with self.assertRaisesRegex(Failed, "Account not found"):
            alice("follow", "nobody_of_this_name")

    def test_a_profile_and_a_locked_account(self):
        alice, bob = people("alice", "bob")
        account = from_dict(Account, alice.json("update-account", "--display-name", "Alice 안녕", "--note", "I toot", "--locked", "--privacy", "unlisted"))
        self.assertEqual((account.display_name, account.note_plaintext, account.locked), ("Alice 안녕", "I toot", True))
        self.assertEqual(account.source["privacy"], "unlisted")
        self.assertEqual(alice.status("post", "By default").visibility, "unlisted")
        self.assertTrue(bob.relationship("follow", alice.name).requested)
        self.assertEqual([account["id"] for account in alice.json("follow-requests", "list")], [bob.id])
        self.assertTrue(alice.relationship("follow-requests", "accept", bob.name).followed_by)
        self.assertEqual(alice.json("follow-requests", "list"), [])

    def test_notifications(self):
        alice, bob = people("alice", "bob")
        post = alice.status("post", "By Alice")
        mention = bob.status("post", f"@{alice.name} hello")
        bob("favourite", post.id)
        bob("reblog", post.id)
        bob("follow", alice.name)
        found = [from_dict(Notification, one) for one in alice.json("notifications")]
        self.assertEqual(
            [(one.type, one.account.id, one.status and one.status.id) for one in found],
            [("follow", bob.id, None), ("reblog", bob.id, post.id), ("favourite", bob.id, post.id), ("mention", bob.id, mention.id)],
        )
        self.assertEqual([one["type"] for one in alice.json("notifications", "--type", "mention", "--type", "follow")], ["follow", "mention"])
        self.assertEqual([one["type"] for one in alice.json("notifications", "--exclude-type", "mention")], ["follow", "reblog", "favourite"])
        self.assertIn("hello", alice("notifications"))
        self.assertIn("cleared", alice("notifications", "--clear"))
        self.assertEqual(alice.json("notifications"), [])

    def test_a_hundred_posts(self):
        (alice,) = people("alice")
        with open(os.path.join(alice.environment["XDG_CONFIG_HOME"], "toot", "config.json"), encoding="utf-8") as file:
            (user,) = json.load(file)["users"].values()
        for number in range(100):
            answer = requests.post(
                f"{SERVER}/api/v1/statuses", data={"status": f"Number {number}."},
                headers={"Authorization": f"Bearer {user['access_token']}"}, timeout=30,
            )
            answer.raise_for_status()
        wanted = [str(number) for number in reversed(range(100))]
        # It follows the addresses in the Link header until there is none.
        for timeline in (["timelines", "home"], ["timelines", "account", alice.name]):
            shown = alice(*timeline, "--limit", "7")
            self.assertEqual(re.findall(r"Number (\d+)\.", shown), wanted)
        shown = alice("timelines", "public", "--limit", "40", "--no-pager")
        self.assertEqual(re.findall(r"Number (\d+)\.", shown), wanted[:40])
        self.assertEqual(len(alice.json("timelines", "home", "--limit", "1000")), 40)
        page = alice.json("timelines", "home", "--limit", "5")
        older = alice.json("timelines", "home", "--limit", "5", "--max-id", page[-1]["id"])
        self.assertEqual(alice.json("timelines", "home", "--limit", "5", "--min-id", older[0]["id"]), page)
        self.assertEqual(alice.json("timelines", "home", "--since-id", page[-1]["id"]), page[:-1])

    def test_it_decodes_what_mastodon_py_decoded(self):
        with open(os.environ["MINITER_TEST_COMPARISON"], encoding="utf-8") as file:
            expected = json.load(file)
        (alice,) = people("alice")
        alice.log_in(expected["email"])
        found = [from_dict(Status, status) for status in alice.json("timelines", "home")]
        self.assertEqual([json.loads(json.dumps(summary(status))) for status in found], expected["home"])


if __name__ == "__main__":
    unittest.main()
