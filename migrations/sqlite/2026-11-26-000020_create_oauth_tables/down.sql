DROP TABLE access_tokens;
DROP TABLE authorization_codes;
DROP TABLE applications;
