// Posting in each visibility, replying, acting, editing, deleting: what masto.js decodes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ACCOUNT, VISIBILITIES, client, ids, isStatus, refused, shaped, signUp } from "./server.mjs";

test("a post in each visibility, and who may see it", async () => {
  const [alice, follower, mentioned, stranger] = await signUp("alice", "follower", "mentioned", "stranger");
  await follower.api.v1.accounts.$select(alice.id).follow();
  const posts = {};
  for (const visibility of VISIBILITIES) {
    const post = isStatus(await alice.post(`For @${mentioned.name}`, { visibility, language: "en" }));
    assert.equal(post.visibility, visibility);
    assert.equal(post.language, "en");
    assert.equal(post.application.name, "masto.js");
    assert.equal(post.account.id, alice.id);
    assert.deepEqual(post.mentions.map(({ id, acct, url }) => [id, acct, url]), [[mentioned.id, mentioned.name, (await mentioned.me()).url]]);
    assert.match(post.content, /^<p>For <span class="h-card"><a class="u-url mention" href="[^"]*">@<span>[^<]*<\/span><\/a><\/span><\/p>$/);
    posts[visibility] = post;
  }
  const maySee = async (api) => {
    const seen = [];
    for (const visibility of VISIBILITIES) {
      try {
        const found = await api.v1.statuses.$select(posts[visibility].id).fetch();
        assert.equal(found.content, posts[visibility].content);
        seen.push(visibility);
      } catch (error) {
        assert.equal(error.statusCode, 404);
      }
    }
    const listed = ids(await api.v1.accounts.$select(alice.id).statuses.list());
    assert.deepEqual(listed, seen.map((visibility) => posts[visibility].id).reverse());
    return seen;
  };
  assert.deepEqual(await maySee(alice.api), VISIBILITIES);
  assert.deepEqual(await maySee(follower.api), ["public", "unlisted", "private"]);
  assert.deepEqual(await maySee(mentioned.api), VISIBILITIES);
  assert.deepEqual(await maySee(stranger.api), ["public", "unlisted"]);
  assert.deepEqual(await maySee(client()), ["public", "unlisted"]);
  assert.deepEqual(await follower.home(), ["private", "unlisted", "public"].map((visibility) => posts[visibility].id));
  const mentions = await mentioned.api.v1.notifications.list({ types: ["mention"] });
  assert.ok(mentions.some((notification) => notification.status.id === posts.direct.id));
});

test("a thread", async () => {
  const [alice, bob] = await signUp("alice", "bob");
  const root = await alice.post("root");
  const reply = await bob.post("reply", { inReplyToId: root.id });
  const leaf = await alice.post("leaf", { inReplyToId: reply.id });
  assert.equal(reply.inReplyToId, root.id);
  assert.equal(reply.inReplyToAccountId, alice.id);
  const context = await client().v1.statuses.$select(reply.id).context.fetch();
  assert.deepEqual([ids(context.ancestors), ids(context.descendants)], [[root.id], [leaf.id]]);
  context.ancestors.concat(context.descendants).forEach(isStatus);
  assert.equal((await client().v1.statuses.$select(root.id).fetch()).repliesCount, 1);
  await refused(() => bob.post("to nothing", { inReplyToId: "1" }), 404);
});

test("favourite, boost, bookmark, mute, pin and back", async () => {
  const [alice, bob] = await signUp("alice", "bob");
  const post = await alice.post("To act upon");
  const [mine, his] = [alice.api, bob.api].map((api) => api.v1.statuses.$select(post.id));
  const anybody = client().v1.statuses.$select(post.id);

  let answer = isStatus(await his.favourite());
  assert.deepEqual([answer.id, answer.favourited, answer.favouritesCount], [post.id, true, 1]);
  assert.deepEqual(ids((await anybody.favouritedBy.list()).map((account) => shaped(account, ACCOUNT))), [bob.id]);
  assert.equal((await mine.fetch()).favourited, false);
  assert.ok(!("favourited" in (await anybody.fetch())));
  answer = await his.unfavourite();
  assert.deepEqual([answer.favourited, answer.favouritesCount], [false, 0]);

  const boost = isStatus(await his.reblog());
  assert.notEqual(boost.id, post.id);
  assert.deepEqual([boost.reblog.id, boost.reblogged, boost.reblog.reblogged, boost.reblog.reblogsCount], [post.id, true, true, 1]);
  assert.deepEqual(ids(await anybody.rebloggedBy.list()), [bob.id]);
  answer = await his.unreblog();
  assert.deepEqual([answer.id, answer.reblogged, answer.reblogsCount], [post.id, false, 0]);
  await refused(() => client().v1.statuses.$select(boost.id).fetch(), 404);

  assert.equal((await his.bookmark()).bookmarked, true);
  assert.deepEqual(ids(await bob.api.v1.bookmarks.list()), [post.id]);
  assert.equal((await his.unbookmark()).bookmarked, false);
  assert.equal((await mine.mute()).muted, true);
  assert.equal((await mine.unmute()).muted, false);
  assert.equal((await mine.pin()).pinned, true);
  assert.deepEqual(ids(await client().v1.accounts.$select(alice.id).statuses.list({ pinned: true })), [post.id]);
  assert.equal((await mine.unpin()).pinned, false);
  await refused(() => his.pin(), 422, /^Validation failed: /);
});

test("an edit and a deletion", async () => {
  const [alice, bob] = await signUp("alice", "bob");
  const post = await alice.post("Tpyo & <b>");
  const [mine, his] = [alice.api, bob.api].map((api) => api.v1.statuses.$select(post.id));
  await bob.api.v1.accounts.$select(alice.id).follow();
  assert.equal(post.content, "<p>Tpyo &amp; &lt;b&gt;</p>");
  const edited = isStatus(await mine.update({ status: "Typo & <b>", spoilerText: "Edited", sensitive: true }));
  assert.deepEqual([edited.id, edited.content, edited.spoilerText], [post.id, "<p>Typo &amp; &lt;b&gt;</p>", "Edited"]);
  assert.notEqual(edited.editedAt, null);
  const history = await his.history.list();
  assert.deepEqual(history.map((version) => version.content), [post.content, edited.content]);
  history.forEach((version) => {
    shaped(version, {
      content: "string", spoilerText: "string", sensitive: "boolean", createdAt: "time", account: "object",
      mediaAttachments: "array", emojis: "array",
    });
  });
  assert.deepEqual(await mine.source.fetch(), { id: post.id, text: "Typo & <b>", spoilerText: "Edited" });
  assert.deepEqual(ids(await client().v1.statuses.fetch({ id: [post.id, "1"] })), [post.id]);

  await refused(() => his.remove(), 404);
  const removed = isStatus(await mine.remove());
  assert.deepEqual([removed.id, removed.text], [post.id, "Typo & <b>"]);
  await refused(() => his.fetch(), 404, /^Record not found$/);
  assert.deepEqual(await bob.home(), []);
  assert.equal((await alice.me()).statusesCount, 0);
  await refused(() => mine.translate(), 404);
});

test("what cannot be posted", async () => {
  const [alice] = await signUp("alice");
  await refused(() => alice.post(""), 422, /^Validation failed: /);
  await refused(() => alice.post("a".repeat(301)), 422, /^Validation failed: /);
  await refused(() => alice.post("x", { visibility: "secret" }), 422);
  assert.equal((await alice.post("🍺".repeat(300))).content, `<p>${"🍺".repeat(300)}</p>`);
  const headers = { "Idempotency-Key": "a key of masto.js" };
  const options = { requestInit: { headers } };
  const first = await alice.api.v1.statuses.create({ status: "Once" }, options);
  assert.equal((await alice.api.v1.statuses.create({ status: "Once" }, options)).id, first.id);
});
