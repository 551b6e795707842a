// masto.js decodes the same home timeline as Mastodon.py, and finds the same (comparison.py, test_comparison.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { client } from "./server.mjs";

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const picked = (entity, like) =>
  Object.fromEntries(Object.entries(entity).map(([name, value]) => [snake(name), value]).filter(([name]) => name in like));

function summary(status, like) {
  const account = picked(status.account, like.account);
  account.fields = status.account.fields.map((field) => [field.name, field.value]);
  return {
    ...picked(status, like),
    created_at: Date.parse(status.createdAt),
    edited_at: status.editedAt && Date.parse(status.editedAt),
    account,
    mentions: status.mentions.map((mention) => [mention.id, mention.acct, mention.url]),
    tags: status.tags.map((tag) => [tag.name, tag.url]),
    reblog: status.reblog && summary(status.reblog, like.reblog),
  };
}

test("a home timeline", async () => {
  const { token, home } = JSON.parse(readFileSync(process.env.MINITER_TEST_COMPARISON, "utf8"));
  const found = await client(token).v1.timelines.home.list();
  assert.ok(home.length > 0);
  assert.deepEqual(found.map((status, index) => summary(status, home[index])), home);
  for (const status of found) {
    assert.deepEqual(await client(token).v1.statuses.$select(status.id).fetch(), status);
  }
});
