//! What the pages say, in each language.

use miniter_service::Scope;

use crate::http::language::Language;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $english:literal $korean:literal)+) => {
        /// The texts of the pages in one language.
        pub(super) struct Texts {
            $($(#[$doc])* pub(super) $name: &'static str,)+
        }

        const ENGLISH: Texts = Texts { $($name: $english),+ };
        const KOREAN: Texts = Texts { $($name: $korean),+ };
    };
}

texts! {
    log_in_title "Log in" "로그인"
    /// After the name of an app.
    wants_access "wants to use your account." "앱이 내 계정을 사용하려고 합니다."
    login "E-mail address or username" "이메일 주소 또는 사용자 이름"
    password "Password" "비밀번호"
    log_in "Log in" "로그인"
    wrong_password
        "The e-mail address, the username or the password is wrong."
        "이메일 주소, 사용자 이름 또는 비밀번호가 올바르지 않습니다."
    too_many_failures
        "There were too many wrong passwords for this account. Please try again later."
        "이 계정의 비밀번호를 너무 많이 틀렸습니다. 나중에 다시 시도하세요."
    page_expired "This page had expired. Please try again." "페이지가 만료되었습니다. 다시 시도하세요."
    consent_title "Allow access?" "사용을 허용하시겠습니까?"
    /// Before a name.
    logged_in_as "You are logged in as" "로그인한 계정:"
    other_account "Use another account" "다른 계정 사용"
    it_may "If you allow it, the app may:" "허용하면 이 앱은 다음을 할 수 있습니다."
    /// Before an address.
    returns_to "You then return to" "그다음 이동할 주소:"
    allow "Allow" "허용"
    deny "Deny" "거부"
    code_title "Authorization code" "인증 코드"
    copy_code
        "Copy this code and paste it into the app. It is good for ten minutes, once. Show it to nobody."
        "이 코드를 복사해 앱에 붙여 넣으세요. 10분 동안 한 번만 쓸 수 있습니다. 다른 사람에게 보여 주지 마세요."
    error_title "That did not work" "요청을 처리할 수 없습니다"
    unknown_app
        "This server does not know the app. Please go back to the app and log in again."
        "이 서버에 등록되지 않은 앱입니다. 앱으로 돌아가 다시 로그인하세요."
    wrong_address
        "The app wants to be answered at an address that it has not registered. Please go back to the app and log in again."
        "앱이 등록하지 않은 주소로 응답을 받으려고 합니다. 앱으로 돌아가 다시 로그인하세요."
    denied "You have not allowed the app to use your account." "앱의 계정 사용을 허용하지 않았습니다."
    bad_request "The request cannot be understood." "요청을 이해할 수 없습니다."
    rate_limited "You have called too often. Please wait a moment." "요청이 너무 많습니다. 잠시 후 다시 시도하세요."
    unavailable
        "The server cannot answer just now. Please try again in a moment."
        "지금은 서버가 응답할 수 없습니다. 잠시 후 다시 시도하세요."
    internal "Something went wrong on our side." "서버에 문제가 생겼습니다."
    /// Before a number that helps the operator.
    request_id "Request" "요청 번호:"
}

impl Texts {
    /// Those of a language.
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Korean => &KOREAN,
        }
    }
}

/// What an app may do that has a scope.
pub(super) const fn may(scope: Scope, language: Language) -> &'static str {
    let (english, korean) = match scope {
        Scope::Read => ("read everything in your account", "계정의 모든 정보를 읽기"),
        Scope::ReadAccounts => ("read profiles", "프로필 읽기"),
        Scope::ReadBlocks => ("see whom you block", "차단한 계정 보기"),
        Scope::ReadBookmarks => ("see your bookmarks", "북마크 보기"),
        Scope::ReadFavourites => ("see your favourites", "좋아하는 글 보기"),
        Scope::ReadFilters => ("see your filters", "필터 보기"),
        Scope::ReadFollows => ("see whom you follow", "팔로우하는 계정 보기"),
        Scope::ReadLists => ("see your lists", "리스트 보기"),
        Scope::ReadMutes => ("see whom you mute", "뮤트한 계정 보기"),
        Scope::ReadNotifications => ("see your notifications", "알림 보기"),
        Scope::ReadSearch => ("search on your behalf", "내 계정으로 검색하기"),
        Scope::ReadStatuses => ("read all posts that you can read", "내가 볼 수 있는 모든 글 읽기"),
        Scope::Write => ("change everything in your account, and post", "계정의 모든 정보를 바꾸고 글 쓰기"),
        Scope::WriteAccounts => ("change your profile", "프로필 바꾸기"),
        Scope::WriteBlocks => ("block accounts", "계정 차단하기"),
        Scope::WriteBookmarks => ("bookmark posts", "글을 북마크하기"),
        Scope::WriteConversations => ("mute and delete conversations", "대화를 뮤트하고 지우기"),
        Scope::WriteFavourites => ("favourite posts", "글에 좋아요 표시하기"),
        Scope::WriteFilters => ("change your filters", "필터 바꾸기"),
        Scope::WriteFollows => ("follow accounts", "계정 팔로우하기"),
        Scope::WriteLists => ("change your lists", "리스트 바꾸기"),
        Scope::WriteMedia => ("upload pictures and videos", "사진과 동영상 올리기"),
        Scope::WriteMutes => ("mute accounts and conversations", "계정과 대화 뮤트하기"),
        Scope::WriteNotifications => ("dismiss your notifications", "알림 지우기"),
        Scope::WriteReports => ("report accounts", "계정 신고하기"),
        Scope::WriteStatuses => ("post and delete on your behalf", "내 이름으로 글을 쓰고 지우기"),
        Scope::Follow => ("follow, block and mute accounts", "계정을 팔로우, 차단, 뮤트하기"),
        Scope::Push => ("send you push notifications", "푸시 알림 보내기"),
        Scope::Profile => ("see your name and your picture", "이름과 사진 보기"),
    };
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}
