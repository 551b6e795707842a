// @generated automatically by Diesel CLI.

diesel::table! {
    idempotency_keys (user_id, digest) {
        user_id -> BigInt,
        digest -> Binary,
        text_digest -> Binary,
        tweet_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    known_addresses (user_id, digest) {
        user_id -> BigInt,
        digest -> Binary,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    log_in_failures (account, origin) {
        account -> Binary,
        origin -> Binary,
        tat -> BigInt,
    }
}

diesel::table! {
    minimum_migration (version) {
        version -> Text,
    }
}

diesel::table! {
    token_versions (user_id) {
        user_id -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    tweets (id) {
        id -> BigInt,
        user_id -> BigInt,
        tweet -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
        email -> Text,
        hashed_password -> Text,
        profile -> Text,
        created_at -> Timestamp,
        updated_at -> Nullable<Timestamp>,
        email_canonical -> Nullable<Binary>,
    }
}

diesel::table! {
    users_follow_list (user_id, follow_user_id) {
        user_id -> BigInt,
        follow_user_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(known_addresses -> users (user_id));
diesel::joinable!(tweets -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    idempotency_keys,
    known_addresses,
    log_in_failures,
    minimum_migration,
    token_versions,
    tweets,
    users,
    users_follow_list,
);
