//! The parameters of a request, wherever they stand: clients of Mastodon put them into the query string, a form, a multipart body
//! or JSON, with any method.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::body::fields::Fields;
use crate::http::body::{BodyPolicy, Kind, form, json, multipart, policy_of, receive};
use crate::http::failure::Failure;

/// The parameters in the query string and in the body of a request. Of one that stands in both, that in the query string counts, as
/// it does for Rails. Those that `T` does not have are ignored; one that is null is not given. Text stands for numbers and
/// booleans, too: see [`lenient`](super::lenient).
///
/// The body of a request to an endpoint that takes none is not read.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Params<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let query = form::parse(request.query_string().as_bytes()).map_err(|_| Failure::InvalidQuery);
        let policy = policy_of(request);
        let received = (policy != BodyPolicy::NONE).then(|| receive(request, payload, policy));
        async move {
            let body = match received {
                Some(received) => received.await?,
                None => None,
            };
            let fields = match body {
                None => Fields::default(),
                Some(body) => match body.kind {
                    Kind::Json => Fields::of_json(json::parse::<Map<String, Value>>(&body.bytes)?),
                    Kind::Form => form::parse(&body.bytes)?,
                    Kind::Multipart => multipart::parse(body.media_type, body.bytes).await?,
                },
            };
            fields.overridden_by(query?).parse().map(Self)
        }
        .boxed_local()
    }
}

/// The parameters in the query string alone, where the body must not be taken for them: a person who presses a button of a form
/// must send what stands on it.
pub(crate) struct QueryParams<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for QueryParams<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut dev::Payload) -> Self::Future {
        let fields = form::parse(request.query_string().as_bytes()).map_err(|_| Failure::InvalidQuery);
        ready(fields.and_then(Fields::parse).map(Self))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;
    use crate::http::auth::Access;
    use crate::http::body::lenient;
    use crate::http::endpoint::{Endpoint, Method};
    use crate::http::limits::{Limit, RateLimitHeaders};
    use crate::http::request_context::RequestContext;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Muting {
        #[serde(deserialize_with = "lenient::boolean")]
        notifications: Option<bool>,
        #[serde(deserialize_with = "lenient::integer")]
        duration: Option<u32>,
        #[serde(deserialize_with = "lenient::list_or_item")]
        id: Vec<String>,
        source: Source,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Source {
        privacy: Option<String>,
    }

    async fn read(
        policy: BodyPolicy,
        query: &str,
        media_type: &str,
        body: &'static str,
    ) -> Result<Muting, Failure> {
        let request = TestRequest::post()
            .uri(&format!("/mute?{query}"))
            .insert_header(("content-type", media_type))
            .insert_header(("content-length", body.len()));
        let (request, mut payload) = request.set_payload(body).to_http_parts();
        let endpoint = Endpoint {
            method: Method::Post,
            path: "/mute",
            limit: Limit::Unlimited,
            rate_limit_headers: RateLimitHeaders::Prefixed,
            access: Access::Anyone,
            body: policy,
            render: |_, _, _| HttpResponse::NoContent().finish(),
            handle: |route| route,
        };
        RequestContext::begin(&request, endpoint);
        Params::from_request(&request, &mut payload).await.map(|Params(params)| params)
    }

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";

    #[actix_web::test]
    async fn the_same_is_read_from_the_query_string_and_from_each_kind_of_body() {
        let policy = BodyPolicy::fields(1_000);
        let multipart = "--b\r\nContent-Disposition: form-data; name=\"notifications\"\r\n\r\n0\r\n\
            --b\r\nContent-Disposition: form-data; name=\"duration\"\r\n\r\n60\r\n\
            --b\r\nContent-Disposition: form-data; name=\"id[]\"\r\n\r\n7\r\n--b--\r\n";
        let expected = Muting {
            notifications: Some(false),
            duration: Some(60),
            id: vec!["7".into()],
            ..Muting::default()
        };
        for (query, media_type, body) in [
            ("notifications=false&duration=60&id[]=7", "", ""),
            ("notifications=false&duration=60&id%5B%5D=7", JSON, ""),
            ("notifications=0&duration=60&id=7", FORM, ""),
            ("notifications=0&duration=60&other=1", FORM, "id[]=7"),
            ("", FORM, "notifications=off&duration=60&id[]=7"),
            ("", "multipart/form-data; boundary=b", multipart),
            ("", JSON, r#"{"notifications":false,"duration":60,"id":["7",null],"other":[{"a":null}]}"#),
            ("duration=60", JSON, r#"{"notifications":false,"duration":70,"id":"7","source":null}"#),
        ] {
            assert_eq!(read(policy, query, media_type, body).await.unwrap(), expected, "{query} {body}");
        }
        let nested = read(policy, "source[privacy]=direct", JSON, r#"{"id":[]}"#).await.unwrap();
        assert_eq!(nested.source.privacy.as_deref(), Some("direct"));
    }

    #[actix_web::test]
    async fn null_is_not_given() {
        let json = r#"{"notifications":null,"duration":null,"id":null,"source":{"privacy":null}}"#;
        assert_eq!(read(BodyPolicy::fields(1_000), "", JSON, json).await.unwrap(), Muting::default());
    }

    #[actix_web::test]
    async fn a_query_string_that_cannot_be_read_is_refused() {
        for query in ["duration=%ff", "duration=%zz", "id=1&id[]=2"] {
            let result = read(BodyPolicy::fields(1_000), query, "", "").await;
            assert!(matches!(result, Err(Failure::InvalidQuery)), "{query}: {result:?}");
        }
        let unfit = read(BodyPolicy::NONE, "duration=x", "", "").await;
        assert!(matches!(unfit, Err(Failure::UnfitBody { .. })));
    }

    #[actix_web::test]
    async fn where_no_body_is_taken_none_is_read() {
        let params = read(BodyPolicy::NONE, "duration=1", FORM, "duration=2").await.unwrap();
        assert_eq!(params.duration, Some(1));
    }
}
