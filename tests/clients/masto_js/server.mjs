// Accounts for the tests in JavaScript, signed up and logged in by masto.js.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const folder = process.env.MINITER_TEST_CLIENTS;
// The client is not beside these files.
const masto = await import(pathToFileURL(createRequire(`${folder}/`).resolve("masto")));

export const { createRestAPIClient, createOAuthAPIClient, MastoHttpError } = masto;
export const SERVER = process.env.MINITER_TEST_SERVER;
export const PASSWORD = "a horse of course";
export const SCOPES = "read write follow push";
export const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";
export const VISIBILITIES = ["public", "unlisted", "private", "direct"];

export const oauth = createOAuthAPIClient({ url: SERVER });
export const client = (accessToken) => createRestAPIClient({ url: SERVER, accessToken, timeout: 30_000 });
export const app = await client().v1.apps.create({
  clientName: "masto.js",
  redirectUris: OUT_OF_BAND,
  scopes: SCOPES,
  website: "https://client.example/",
});
const credentials = { clientId: app.clientId, clientSecret: app.clientSecret, redirectUri: OUT_OF_BAND };
const appToken = await oauth.token.create({ ...credentials, grantType: "client_credentials", scope: SCOPES });

/** Logs in on the server's pages, as a person in a browser does, and returns the token. */
export async function logIn(email) {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: app.clientId,
    redirect_uri: OUT_OF_BAND,
    scope: SCOPES,
  });
  const url = `${SERVER}/oauth/authorize?${query}`;
  const pages = new URL("../pages.py", import.meta.url).pathname;
  const code = execFileSync(`${folder}/bin/python`, [pages, url, email, PASSWORD], { encoding: "utf8" }).trim();
  return oauth.token.create({ ...credentials, grantType: "authorization_code", code, scope: SCOPES });
}

let number = 0;
/** Signs an account up for each name. */
export async function signUp(...names) {
  const people = [];
  for (const name of names) {
    const username = `${name}_js${process.pid}_${++number}`;
    const email = `${username}@clients.example`;
    const token = await client(appToken.accessToken).v1.accounts.create({
      username,
      email,
      password: PASSWORD,
      agreement: true,
      locale: "en",
    });
    const api = client(token.accessToken);
    const me = await api.v1.accounts.verifyCredentials();
    people.push({
      name: username,
      email,
      token: token.accessToken,
      id: me.id,
      api,
      post: (status, options = {}) => api.v1.statuses.create({ status, ...options }),
      me: () => api.v1.accounts.verifyCredentials(),
      home: async () => ids(await api.v1.timelines.home.list()),
      to: async (other) => (await api.v1.accounts.relationships.fetch({ id: [other.id] }))[0],
    });
  }
  return people;
}

export const ids = (page) => page.map((entry) => entry.id);

/** Fails if `call` does not fail with the status and the text. */
export async function refused(call, statusCode, message = /./) {
  await assert.rejects(async () => await call(), (error) => {
    assert.ok(error instanceof MastoHttpError, error);
    assert.equal(error.statusCode, statusCode);
    assert.match(error.message, message);
    return true;
  });
}

/** Fails if `value` has not the types that `shape` names: "string", "number", "boolean", "array", "object", "time", with "?" if
 * it may be null; "-" before it if it may be missing. */
export function shaped(value, shape, path = "") {
  for (const [field, type] of Object.entries(shape)) {
    const found = value[field];
    const at = `${path}${field}`;
    if (found === undefined && type.startsWith("-")) continue;
    assert.notEqual(found, undefined, `${at} is missing`);
    if (found === null) {
      assert.ok(type.endsWith("?"), `${at} is null`);
      continue;
    }
    const wanted = type.replace(/[-?]/g, "");
    if (wanted === "time") assert.match(found, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, at);
    else if (wanted === "array") assert.ok(Array.isArray(found), `${at} is no array`);
    else assert.equal(typeof found, wanted, at);
  }
  return value;
}

export const ACCOUNT = {
  id: "string", username: "string", acct: "string", displayName: "string", url: "string", uri: "string", note: "string",
  avatar: "string", avatarStatic: "string", header: "string", headerStatic: "string", locked: "boolean", bot: "boolean",
  group: "boolean", discoverable: "boolean?", createdAt: "time", lastStatusAt: "string?", statusesCount: "number",
  followersCount: "number", followingCount: "number", fields: "array", emojis: "array", roles: "-array",
};

export const STATUS = {
  id: "string", uri: "string", url: "string", createdAt: "time", editedAt: "time?", content: "string", visibility: "string",
  sensitive: "boolean", spoilerText: "string", language: "string?", inReplyToId: "string?", inReplyToAccountId: "string?",
  repliesCount: "number", reblogsCount: "number", favouritesCount: "number", account: "object", reblog: "object?",
  mediaAttachments: "array", mentions: "array", tags: "array", emojis: "array", card: "object?", poll: "object?",
  application: "-object?", favourited: "-boolean", reblogged: "-boolean", bookmarked: "-boolean", muted: "-boolean",
  pinned: "-boolean", filtered: "-array",
};

export const RELATIONSHIP = {
  id: "string", following: "boolean", followedBy: "boolean", requested: "boolean", showingReblogs: "boolean",
  notifying: "boolean", languages: "array?", blocking: "boolean", blockedBy: "boolean", muting: "boolean",
  mutingNotifications: "boolean", domainBlocking: "boolean", endorsed: "boolean", note: "string",
};

export function isStatus(status) {
  shaped(status, STATUS);
  shaped(status.account, ACCOUNT, "account.");
  if (status.reblog) isStatus(status.reblog);
  return status;
}
