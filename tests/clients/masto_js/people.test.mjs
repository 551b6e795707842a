// Accounts, relationships and notifications: what masto.js decodes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ACCOUNT, RELATIONSHIP, client, ids, isStatus, refused, shaped, signUp } from "./server.mjs";

const account = (person, other) => person.api.v1.accounts.$select(other.id);
const related = (relationship) => shaped(relationship, RELATIONSHIP);

test("a profile", async () => {
  const [alice] = await signUp("alice");
  const me = shaped(
    await alice.api.v1.accounts.updateCredentials({
      displayName: "Alice 안녕",
      note: "I read & write",
      locked: true,
      bot: false,
      fieldsAttributes: [{ name: "Home", value: "https://example.com/" }],
      source: { privacy: "unlisted", sensitive: true, language: "ko" },
    }),
    ACCOUNT,
  );
  assert.deepEqual([me.displayName, me.note, me.locked, me.bot], ["Alice 안녕", "<p>I read &amp; write</p>", true, false]);
  assert.deepEqual([me.source.privacy, me.source.sensitive, me.source.language], ["unlisted", true, "ko"]);
  assert.deepEqual([me.source.note, me.source.fields[0].value], ["I read & write", "https://example.com/"]);
  const seen = shaped(await client().v1.accounts.lookup({ acct: alice.name }), ACCOUNT);
  assert.deepEqual([seen.id, seen.displayName, seen.note, seen.fields], [alice.id, me.displayName, me.note, me.fields]);
  assert.ok(!("source" in seen));
  assert.deepEqual(ids(await client().v1.accounts.fetch({ id: [alice.id] })), [alice.id]);
  assert.deepEqual(ids(await alice.api.v1.accounts.search.list({ q: alice.name })), [alice.id]);
  await refused(() => client().v1.accounts.lookup({ acct: "nobody_of_this_name" }), 404);
});

test("a sign-up that fails names its fields", async () => {
  const [alice] = await signUp("alice");
  await assert.rejects(
    () => signUp("a name that is far too long to be one"),
    (error) => {
      assert.equal(error.statusCode, 422);
      assert.match(error.message, /^Validation failed: /);
      assert.ok(error.details.username.length > 0);
      return true;
    },
  );
  assert.equal((await alice.me()).username, alice.name);
});

test("follow, block, mute and back", async () => {
  const [alice, bob] = await signUp("alice", "bob");
  const post = await bob.post("By Bob");
  let answer = related(await account(alice, bob).follow({ notify: true, reblogs: false }));
  assert.deepEqual([answer.id, answer.following, answer.notifying, answer.showingReblogs], [bob.id, true, true, false]);
  assert.equal((await bob.to(alice)).followedBy, true);
  const followers = await account(alice, bob).followers.list();
  assert.deepEqual(ids(followers.map((follower) => shaped(follower, ACCOUNT))), [alice.id]);
  assert.deepEqual(ids(await account(bob, alice).following.list()), [bob.id]);
  assert.equal(followers[0].followingCount, 1);
  assert.deepEqual(await alice.home(), [post.id]);
  answer = related(await account(alice, bob).mute({ notifications: false }));
  assert.deepEqual([answer.muting, answer.mutingNotifications, answer.following], [true, false, true]);
  assert.deepEqual(await alice.home(), []);
  assert.equal(related(await account(alice, bob).unmute()).muting, false);
  assert.deepEqual(await alice.home(), [post.id]);
  answer = related(await account(alice, bob).block());
  assert.deepEqual([answer.blocking, answer.following], [true, false]);
  assert.equal((await bob.to(alice)).blockedBy, true);
  assert.deepEqual(await alice.home(), []);
  assert.equal(related(await account(alice, bob).unblock()).blocking, false);
  assert.equal((await account(bob, bob).fetch()).followersCount, 0);
  await account(alice, bob).follow();
  assert.equal(related(await account(alice, bob).unfollow()).following, false);
  await account(alice, bob).follow();
  await account(bob, alice).removeFromFollowers();
  assert.equal((await alice.to(bob)).following, false);
  assert.equal(related(await account(alice, bob).note.create({ comment: "Met 안녕" })).note, "Met 안녕");
  assert.deepEqual(
    (await alice.api.v1.accounts.familiarFollowers.fetch({ id: [bob.id] })).map(({ id, accounts }) => [id, accounts]),
    [[bob.id, []]],
  );
});

test("a locked account", async () => {
  const [alice, bob, carol] = await signUp("alice", "bob", "carol");
  await alice.api.v1.accounts.updateCredentials({ locked: true });
  const post = await alice.post("For followers", { visibility: "private" });
  assert.equal(related(await account(bob, alice).follow()).requested, true);
  await account(carol, alice).follow();
  const requests = alice.api.v1.followRequests;
  assert.deepEqual(new Set(ids(await requests.list())), new Set([bob.id, carol.id]));
  assert.equal(related(await requests.$select(bob.id).authorize()).followedBy, true);
  related(await requests.$select(carol.id).reject());
  assert.deepEqual(await requests.list(), []);
  assert.deepEqual([await bob.home(), await carol.home()], [[post.id], []]);
  assert.equal((await alice.me()).followersCount, 1);
});

test("a notification of each type", async () => {
  const [alice, bob, carol] = await signUp("alice", "bob", "carol");
  const { notifications, markers } = alice.api.v1;
  await account(alice, carol).follow({ notify: true });
  const post = await alice.post("By Alice");
  await account(bob, alice).follow();
  const mention = await bob.post(`@${alice.name} hello`);
  await bob.api.v1.statuses.$select(post.id).favourite();
  await bob.api.v1.statuses.$select(post.id).reblog();
  const news = await carol.post("By Carol");
  await alice.api.v1.accounts.updateCredentials({ locked: true });
  await account(carol, alice).follow();

  const found = await notifications.list();
  for (const one of found) {
    shaped(one, { id: "string", type: "string", createdAt: "time", account: "object", status: "-object?" });
    shaped(one.account, ACCOUNT);
    if (one.status) isStatus(one.status);
  }
  assert.deepEqual(
    found.map((one) => [one.type, one.account.id, one.status?.id]),
    [
      ["follow_request", carol.id, undefined],
      ["status", carol.id, news.id],
      ["reblog", bob.id, post.id],
      ["favourite", bob.id, post.id],
      ["mention", bob.id, mention.id],
      ["follow", bob.id, undefined],
    ],
  );
  const types = async (params) => (await notifications.list(params)).map((one) => one.type);
  assert.deepEqual(await types({ types: ["mention", "follow"] }), ["mention", "follow"]);
  assert.deepEqual(await types({ excludeTypes: ["mention", "follow", "status"] }), ["follow_request", "reblog", "favourite"]);
  assert.deepEqual(await types({ accountId: carol.id }), ["follow_request", "status"]);
  assert.equal((await notifications.unreadCount.fetch()).count, 6);
  await markers.create({ notifications: { lastReadId: found[0].id } });
  assert.equal((await notifications.unreadCount.fetch()).count, 0);
  assert.deepEqual(await notifications.$select(found[2].id).fetch(), found[2]);
  await notifications.$select(found[2].id).dismiss();
  await refused(() => notifications.$select(found[2].id).fetch(), 404);
  await notifications.clear();
  assert.deepEqual(await notifications.list(), []);
});
