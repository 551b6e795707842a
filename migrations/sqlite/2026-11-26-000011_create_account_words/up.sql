-- The words of display names, in small letters, as a search for accounts finds them: the beginning of each word, and in scripts that
-- put words together every part from some character on.
CREATE TABLE account_words (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    word TEXT NOT NULL,
    PRIMARY KEY (user_id, word)
) WITHOUT ROWID;
CREATE INDEX account_words_word ON account_words (word, user_id);

-- Those of the accounts that there are: more or less what the program makes of their names.
WITH RECURSIVE parts (user_id, before, rest) AS (
    SELECT id, ' ', LOWER(name) FROM users
    UNION ALL
    SELECT user_id, SUBSTR(rest, 1, 1), SUBSTR(rest, 2) FROM parts WHERE LENGTH(rest) > 1
)
INSERT OR IGNORE INTO account_words (user_id, word)
    SELECT user_id,
        CASE WHEN INSTR(rest, ' ') > 0 THEN SUBSTR(SUBSTR(rest, 1, INSTR(rest, ' ') - 1), 1, 30) ELSE SUBSTR(rest, 1, 30) END
    FROM parts
    WHERE rest <> '' AND SUBSTR(rest, 1, 1) <> ' ' AND (before IN (' ', '-', '_', '.') OR UNICODE(rest) > 127);
