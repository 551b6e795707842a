// Through 100 posts with the iterators of masto.js, which follow the addresses in the Link header, in both directions.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { client, ids, isStatus, signUp } from "./server.mjs";

const POSTS = 100;
let alice, bob, start;
const posts = [];

before(async () => {
  [alice, bob] = await signUp("alice", "bob");
  await bob.api.v1.accounts.$select(alice.id).follow();
  start = await bob.post("Number nothing");
  for (let number = 0; number < POSTS; number++) {
    posts.unshift((await alice.post(`Number ${number}`)).id);
    if (number % 2 === 0) await alice.post(`@${bob.name} a reply`, { inReplyToId: start.id });
  }
  // In an order of their own: 37 has no divisor in common with 100.
  for (let number = 0; number < POSTS; number++) {
    await bob.api.v1.statuses.$select(posts[(number * 37) % POSTS]).favourite();
  }
});

/** Reads down from the newest page, and up from below the oldest entry. `list` takes parameters and returns a paginator. */
async function bothWays(list, params, expected, oldest) {
  const down = [];
  for await (const page of list(params)) down.push(ids(page));
  assert.deepEqual(down.flat(), expected);
  const full = down.filter((page) => page.length > 0).slice(0, -1);
  assert.ok(full.every((page) => page.length === params.limit));

  const up = [];
  for await (const page of list({ ...params, minId: oldest }).setDirection("prev")) up.unshift(ids(page));
  assert.deepEqual(up.flat(), expected);
}

const own = (api, options) => (params) => api.v1.accounts.$select(alice.id).statuses.list({ ...options, ...params });

test("the posts of an account, with the other parameters kept", async () => {
  for (const api of [bob.api, client()]) {
    await bothWays(own(api, { excludeReplies: true, excludeReblogs: true }), { limit: 9 }, posts, "1");
    await bothWays(own(api, {}), { limit: 40 }, await all(own(api, {})), "1");
  }
});

test("home", async () => {
  const home = (params) => bob.api.v1.timelines.home.list(params);
  const expected = [...(await all(own(bob.api, {}))), start.id];
  assert.deepEqual(expected.filter((id) => posts.includes(id)), posts);
  assert.equal(expected.length, POSTS * 1.5 + 1);
  await bothWays(home, { limit: 7 }, expected, "1");
  await bothWays(home, { limit: 40 }, expected, "1");
});

test("public and local", async () => {
  const seen = [];
  for await (const page of bob.api.v1.timelines.public.list({ limit: 13, local: true })) {
    page.forEach(isStatus);
    assert.ok(page.every((status) => status.visibility === "public"));
    seen.push(...ids(page));
    if (seen.includes(posts.at(-1)) || page.length === 0) break;
  }
  assert.deepEqual(seen.filter((id) => posts.includes(id)), posts);
  assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1)));
});

test("favourites, whose cursor is not the status", async () => {
  const favourites = Array.from({ length: POSTS }, (_, number) => posts[(number * 37) % POSTS]).reverse();
  await bothWays((params) => bob.api.v1.favourites.list(params), { limit: 15 }, favourites, "0");
});

test("notifications of one type", async () => {
  const list = (params) => alice.api.v1.notifications.list({ types: ["favourite"], ...params });
  const expected = [];
  for await (const page of list({ limit: 80 })) {
    assert.ok(page.every((one) => one.type === "favourite" && one.account.id === bob.id));
    expected.push(...ids(page));
  }
  assert.equal(expected.length, POSTS);
  await bothWays(list, { limit: 30 }, expected, "0");
});

async function all(list) {
  const found = [];
  for await (const page of list({ limit: 40 })) found.push(...ids(page));
  return found;
}
