-- Applications that people may let in (OAuth 2). Secrets, codes and tokens are random and stored as digests only. An application
-- is never deleted: clients keep its id for ever. `redirect_uris` has one a line, `scopes` names with a space between two.
CREATE TABLE applications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret BLOB NOT NULL,
    name TEXT NOT NULL,
    website TEXT,
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX applications_client_id ON applications (client_id);

-- Authorization codes: each can be exchanged once, within ten minutes. `token_id` is the token that came of it; there is no foreign
-- key, since the token may have been revoked. `challenge` is what the verifier must digest to (PKCE). Rows of the day before
-- yesterday may be deleted.
CREATE TABLE authorization_codes (
    digest BLOB NOT NULL PRIMARY KEY,
    application_id BIGINT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge BLOB,
    created_at TIMESTAMP NOT NULL,
    token_id BIGINT
) WITHOUT ROWID;
CREATE INDEX authorization_codes_application ON authorization_codes (application_id);
CREATE INDEX authorization_codes_user ON authorization_codes (user_id);
CREATE INDEX authorization_codes_created_at ON authorization_codes (created_at);

-- Access tokens: each that is here is good, and one that was revoked is not here. Without a user the application acts for itself.
CREATE TABLE access_tokens (
    -- AUTOINCREMENT: a code knows its token by this number, so no other may have it later.
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    digest BLOB NOT NULL,
    application_id BIGINT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX access_tokens_digest ON access_tokens (digest);
CREATE INDEX access_tokens_application ON access_tokens (application_id);
CREATE INDEX access_tokens_user ON access_tokens (user_id);
