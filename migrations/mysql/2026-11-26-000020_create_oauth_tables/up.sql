-- IF NOT EXISTS: these statements cannot be rolled back, and a program that comes after an interruption runs them again.

-- Applications that people may let in (OAuth 2). Secrets, codes and tokens are random and stored as digests only. An application
-- is never deleted: clients keep its id for ever. `redirect_uris` has one a line, `scopes` names with a space between two.
CREATE TABLE IF NOT EXISTS applications (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    client_id VARCHAR(64) NOT NULL,
    client_secret VARBINARY(32) NOT NULL,
    name VARCHAR(60) NOT NULL,
    website VARCHAR(2000) NULL,
    redirect_uris VARCHAR(2000) NOT NULL,
    scopes VARCHAR(2000) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE INDEX applications_client_id (client_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Authorization codes: each can be exchanged once, within ten minutes. `token_id` is the token that came of it; there is no foreign
-- key, since the token may have been revoked. `challenge` is what the verifier must digest to (PKCE). Rows of the day before
-- yesterday may be deleted.
CREATE TABLE IF NOT EXISTS authorization_codes (
    digest VARBINARY(32) NOT NULL PRIMARY KEY,
    application_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    redirect_uri VARCHAR(2000) NOT NULL,
    scopes VARCHAR(2000) NOT NULL,
    challenge VARBINARY(32) NULL,
    created_at DATETIME(6) NOT NULL,
    token_id BIGINT NULL,
    INDEX authorization_codes_application (application_id),
    INDEX authorization_codes_user (user_id),
    INDEX authorization_codes_created_at (created_at),
    CONSTRAINT authorization_codes_application FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE CASCADE,
    CONSTRAINT authorization_codes_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Access tokens: each that is here is good, and one that was revoked is not here. Without a user the application acts for itself.
CREATE TABLE IF NOT EXISTS access_tokens (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    digest VARBINARY(32) NOT NULL,
    application_id BIGINT NOT NULL,
    user_id BIGINT NULL,
    scopes VARCHAR(2000) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE INDEX access_tokens_digest (digest),
    INDEX access_tokens_application (application_id),
    INDEX access_tokens_user (user_id),
    CONSTRAINT access_tokens_application FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE CASCADE,
    CONSTRAINT access_tokens_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
