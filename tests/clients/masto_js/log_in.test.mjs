// Apps, log-in, tokens, and what masto.js reads when it starts.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ACCOUNT, OUT_OF_BAND, SCOPES, SERVER, app, client, logIn, oauth, refused, shaped, signUp } from "./server.mjs";

test("an app registers", async () => {
  assert.equal(app.name, "masto.js");
  assert.equal(app.website, "https://client.example/");
  assert.equal(app.redirectUri, OUT_OF_BAND);
  assert.ok(app.id && app.clientId && app.clientSecret);
  assert.equal(typeof app.vapidKey, "string");
  const several = await client().v1.apps.create({
    clientName: "Several",
    redirectUris: ["https://client.example/a", "icecubesapp://"],
    scopes: "read",
  });
  assert.deepEqual(several.redirectUris, ["https://client.example/a", "icecubesapp://"]);
  await refused(() => client().v1.apps.create({ clientName: "", redirectUris: OUT_OF_BAND, scopes: "read" }), 422);
  await refused(() => client().v1.apps.create({ clientName: "x", redirectUris: OUT_OF_BAND, scopes: "fly" }), 422);
});

test("the pages give a token, and it is revoked", async () => {
  const [alice] = await signUp("alice");
  const token = await logIn(alice.email);
  assert.equal(token.tokenType, "Bearer");
  assert.deepEqual(new Set(token.scope.split(" ")), new Set(SCOPES.split(" ")));
  assert.ok(Math.abs(token.createdAt - Date.now() / 1000) < 60);
  const api = client(token.accessToken);
  assert.equal((await api.v1.accounts.verifyCredentials()).id, alice.id);
  assert.equal((await api.v1.apps.verifyCredentials()).name, "masto.js");

  await oauth.revoke({ clientId: app.clientId, clientSecret: app.clientSecret, token: token.accessToken });
  await refused(() => api.v1.accounts.verifyCredentials(), 401, /^The access token is invalid$/);
  assert.equal((await alice.me()).id, alice.id);
});

test("an unknown client and a wrong code", async () => {
  const asked = { clientId: app.clientId, clientSecret: app.clientSecret, redirectUri: OUT_OF_BAND, code: "no code" };
  await refused(() => oauth.token.create({ ...asked, grantType: "authorization_code" }), 400, /^invalid_grant$/);
  const unknown = { ...asked, clientSecret: "no secret" };
  await refused(() => oauth.token.create({ ...unknown, grantType: "authorization_code" }), 401, /^invalid_client$/);
  await refused(() => oauth.token.create({ ...unknown, grantType: "client_credentials" }), 401, /^invalid_client$/);
  await refused(() => oauth.token.create({ ...asked, grantType: "password", username: "a", password: "b" }), 400, /^unsupported_grant_type$/);
});

test("a browser at another origin may call", async () => {
  const answer = await fetch(`${SERVER}/api/v1/timelines/public`, { headers: { Origin: "https://elk.example" } });
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  assert.match(answer.headers.get("access-control-expose-headers"), /link/i);
  const asked = await fetch(`${SERVER}/api/v1/statuses`, {
    method: "OPTIONS",
    headers: {
      Origin: "https://elk.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    },
  });
  assert.ok(asked.ok);
  for (const header of ["authorization", "content-type", "idempotency-key"]) {
    assert.ok(asked.headers.get("access-control-allow-headers").toLowerCase().includes(header), header);
  }
});

test("the server introduces itself", async () => {
  const host = new URL(SERVER).host;
  for (const [path, subject] of [["webfinger?resource=acct:", "subject"]]) {
    const [alice] = await signUp("alice");
    const found = await (await fetch(`${SERVER}/.well-known/${path}${alice.name}@${host}`)).json();
    assert.equal(found[subject], `acct:${alice.name}@${host}`);
    assert.ok(found.links.some((link) => link.href === `${SERVER}/@${alice.name}`));
  }
  const hostMeta = await fetch(`${SERVER}/.well-known/host-meta`);
  assert.ok((await hostMeta.text()).includes(`template="${SERVER}/.well-known/webfinger?resource={uri}"`));
  assert.match(hostMeta.headers.get("content-type"), /^application\/xrd\+xml/);
});

test("everything that a client reads at its start", async () => {
  const [alice] = await signUp("alice");
  const { v1, v2 } = alice.api;
  shaped(await alice.me(), ACCOUNT);
  const [first, second] = [await v1.instance.fetch(), await v2.instance.fetch()];
  shaped(first, {
    uri: "string", title: "string", shortDescription: "string", description: "string", email: "string", version: "string",
    urls: "object", stats: "object", thumbnail: "string?", languages: "array", registrations: "boolean", approvalRequired: "boolean",
    invitesEnabled: "boolean", configuration: "object", contactAccount: "object?", rules: "array",
  });
  shaped(second, {
    domain: "string", title: "string", version: "string", sourceUrl: "string", description: "string", usage: "object",
    thumbnail: "object", languages: "array", configuration: "object", registrations: "object", contact: "object", rules: "array",
  });
  assert.equal(second.domain, new URL(SERVER).host);
  assert.match(second.configuration.urls.streaming, /^wss?:/);
  assert.match(first.urls.streamingApi, /^wss?:/);
  shaped(second.usage.users, { activeMonth: "number" });
  shaped(second.contact, { email: "string", account: "object?" });

  for (const [name, list] of Object.entries({
    peers: v1.instance.peers, customEmojis: v1.customEmojis, announcements: v1.announcements, filters: v1.filters,
    filters2: v2.filters, lists: v1.lists, home: v1.timelines.home, notifications: v1.notifications,
    followRequests: v1.followRequests, conversations: v1.conversations, tags: v1.trends.tags, statuses: v1.trends.statuses,
    links: v1.trends.links, followedTags: v1.followedTags,
  })) {
    assert.deepEqual(await list.list(), [], name);
  }
  assert.ok(Array.isArray(await v2.suggestions.list()));
  assert.deepEqual(await v1.notifications.unreadCount.fetch(), { count: 0 });
  assert.deepEqual(await v1.markers.fetch({ timeline: ["home", "notifications"] }), {});
  const preferences = await v1.preferences.fetch();
  assert.equal(preferences["posting:default:visibility"], "public");
  assert.equal(preferences["reading:expand:spoilers"], false);
  await refused(() => v1.push.subscription.fetch(), 404);

  const post = await alice.post("Marked");
  const saved = await v1.markers.create({ home: { lastReadId: post.id } });
  shaped(saved.home, { lastReadId: "string", version: "number", updatedAt: "time" });
  assert.deepEqual(await v1.markers.fetch({ timeline: ["home"] }), saved);
});

test("what is not there is 404, and no list without a token", async () => {
  await refused(() => client().v1.accounts.verifyCredentials(), 401);
  await refused(() => client().v1.timelines.home.list(), 401);
  await refused(() => client().v1.statuses.$select("1").fetch(), 404, /^Record not found$/);
  const [alice] = await signUp("alice");
  for (const path of ["/api/v1/not_built", "/api/v3/statuses", "/api/v1/statuses/1/not_built"]) {
    const answer = await fetch(SERVER + path, { method: "POST", headers: { Authorization: `Bearer ${alice.token}` } });
    assert.equal(answer.status, 404, path);
    assert.ok((await answer.json()).error);
  }
});
