-- IF NOT EXISTS: these statements cannot be rolled back, and whoever comes after an interruption runs them again.
-- The words of display names, in small letters, as a search for accounts finds them: the beginning of each word, and in scripts that
-- put words together every part from some character on.
CREATE TABLE IF NOT EXISTS account_words (
    user_id BIGINT NOT NULL,
    word VARCHAR(30) NOT NULL,
    PRIMARY KEY (user_id, word),
    INDEX account_words_word (word, user_id),
    CONSTRAINT account_words_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Those of the accounts that there are: more or less what the program makes of their names.
INSERT IGNORE INTO account_words (user_id, word)
    WITH RECURSIVE parts (user_id, place, name) AS (
        SELECT id, 1, LOWER(name) FROM users
        UNION ALL
        SELECT user_id, place + 1, name FROM parts WHERE place < CHAR_LENGTH(name)
    )
    SELECT user_id, SUBSTRING_INDEX(SUBSTRING(name, place, 30), ' ', 1)
    FROM parts
    WHERE SUBSTRING(name, place, 1) NOT IN ('', ' ')
        AND (place = 1 OR SUBSTRING(name, place - 1, 1) IN (' ', '-', '_', '.') OR ORD(SUBSTRING(name, place, 1)) > 127);
