// @generated automatically by Diesel CLI.

diesel::table! {
    access_tokens (id) {
        id -> BigInt,
        digest -> Binary,
        application_id -> BigInt,
        user_id -> Nullable<BigInt>,
        scopes -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    account_fields (user_id, position) {
        user_id -> BigInt,
        position -> SmallInt,
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    account_notes (user_id, target_id) {
        user_id -> BigInt,
        target_id -> BigInt,
        comment -> Text,
    }
}

diesel::table! {
    account_stats (user_id) {
        user_id -> BigInt,
        statuses_count -> BigInt,
        followers_count -> BigInt,
        following_count -> BigInt,
        last_status_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    account_words (user_id, word) {
        user_id -> BigInt,
        word -> Text,
    }
}

diesel::table! {
    applications (id) {
        id -> BigInt,
        client_id -> Text,
        client_secret -> Binary,
        name -> Text,
        website -> Nullable<Text>,
        redirect_uris -> Text,
        scopes -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    authorization_codes (digest) {
        digest -> Binary,
        application_id -> BigInt,
        user_id -> BigInt,
        redirect_uri -> Text,
        scopes -> Text,
        challenge -> Nullable<Binary>,
        created_at -> Timestamp,
        token_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    blocks (user_id, target_id) {
        user_id -> BigInt,
        target_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    bookmarks (id) {
        id -> BigInt,
        user_id -> BigInt,
        status_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    conversation_mutes (user_id, conversation_id) {
        user_id -> BigInt,
        conversation_id -> BigInt,
    }
}

diesel::table! {
    favourites (id) {
        id -> BigInt,
        user_id -> BigInt,
        status_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    follow_requests (user_id, target_id) {
        user_id -> BigInt,
        target_id -> BigInt,
        show_reblogs -> Bool,
        notify -> Bool,
        created_at -> Timestamp,
    }
}

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
    markers (user_id, timeline) {
        user_id -> BigInt,
        timeline -> Text,
        last_read_id -> BigInt,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    mentions (status_id, account_id) {
        status_id -> BigInt,
        account_id -> BigInt,
    }
}

diesel::table! {
    minimum_migration (version) {
        version -> Text,
    }
}

diesel::table! {
    mutes (user_id, target_id) {
        user_id -> BigInt,
        target_id -> BigInt,
        hide_notifications -> Bool,
        expires_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    notifications (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> SmallInt,
        from_id -> BigInt,
        status_id -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    pins (user_id, status_id) {
        user_id -> BigInt,
        status_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    status_edits (id) {
        id -> BigInt,
        status_id -> BigInt,
        text -> Text,
        spoiler_text -> Text,
        is_sensitive -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    status_stats (status_id) {
        status_id -> BigInt,
        replies_count -> BigInt,
        reblogs_count -> BigInt,
        favourites_count -> BigInt,
    }
}

diesel::table! {
    status_tags (status_id, name) {
        status_id -> BigInt,
        name -> Text,
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
        visibility -> SmallInt,
        spoiler_text -> Text,
        is_sensitive -> Bool,
        language -> Nullable<Text>,
        in_reply_to_id -> Nullable<BigInt>,
        in_reply_to_account_id -> Nullable<BigInt>,
        conversation_id -> Nullable<BigInt>,
        reblog_of_id -> Nullable<BigInt>,
        application_id -> Nullable<BigInt>,
        edited_at -> Nullable<Timestamp>,
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
        username -> Nullable<Text>,
        locked -> Bool,
        bot -> Bool,
        discoverable -> Bool,
        default_visibility -> SmallInt,
        default_sensitive -> Bool,
        default_language -> Nullable<Text>,
    }
}

diesel::table! {
    users_follow_list (user_id, follow_user_id) {
        user_id -> BigInt,
        follow_user_id -> BigInt,
        created_at -> Timestamp,
        show_reblogs -> Bool,
        notify -> Bool,
    }
}

diesel::joinable!(access_tokens -> applications (application_id));
diesel::joinable!(access_tokens -> users (user_id));
diesel::joinable!(account_fields -> users (user_id));
diesel::joinable!(account_stats -> users (user_id));
diesel::joinable!(account_words -> users (user_id));
diesel::joinable!(authorization_codes -> applications (application_id));
diesel::joinable!(authorization_codes -> users (user_id));
diesel::joinable!(bookmarks -> tweets (status_id));
diesel::joinable!(bookmarks -> users (user_id));
diesel::joinable!(conversation_mutes -> users (user_id));
diesel::joinable!(favourites -> tweets (status_id));
diesel::joinable!(favourites -> users (user_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(known_addresses -> users (user_id));
diesel::joinable!(markers -> users (user_id));
diesel::joinable!(mentions -> tweets (status_id));
diesel::joinable!(mentions -> users (account_id));
diesel::joinable!(notifications -> tweets (status_id));
diesel::joinable!(pins -> tweets (status_id));
diesel::joinable!(pins -> users (user_id));
diesel::joinable!(status_edits -> tweets (status_id));
diesel::joinable!(status_stats -> tweets (status_id));
diesel::joinable!(status_tags -> tweets (status_id));
diesel::joinable!(tweets -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    access_tokens,
    account_fields,
    account_notes,
    account_stats,
    account_words,
    applications,
    authorization_codes,
    blocks,
    bookmarks,
    conversation_mutes,
    favourites,
    follow_requests,
    idempotency_keys,
    known_addresses,
    log_in_failures,
    markers,
    mentions,
    minimum_migration,
    mutes,
    notifications,
    pins,
    status_edits,
    status_stats,
    status_tags,
    token_versions,
    tweets,
    users,
    users_follow_list,
);
