DROP TABLE IF EXISTS account_words;
