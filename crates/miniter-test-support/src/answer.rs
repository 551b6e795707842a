//! What came back.

use serde_json::Value;
use ureq::Body;
use ureq::http::{HeaderMap, Response};

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The head.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl Answer {
    /// Reads an answer to its end.
    pub fn read(mut response: Response<Body>) -> Self {
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        // Pictures are not text; no test looks into them.
        let body = String::from_utf8_lossy(&body).into_owned();
        let answer = Self { status: response.status().as_u16(), headers: response.headers().clone(), body };
        assert_eq!(answer.header("x-request-id").len(), 32, "every answer has a request id: {answer:?}");
        answer
    }

    /// The value of a header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!((self.status, self.header("content-type")), (200, "application/json"), "{self:?}");
        self.json()
    }

    /// A success without a body.
    #[track_caller]
    pub fn empty(&self) {
        assert_eq!((self.status, self.body.as_str()), (200, ""), "{self:?}");
    }

    /// A failure with this status and code, well-formed in every part. Returns its detail.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self:?}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        assert!(problem["title"].is_string());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(detail.is_ascii(), self.header("content-language") == "en", "{detail}");
        if status == 401 {
            assert_eq!(self.header("www-authenticate"), "Bearer");
        }
        if status == 503 {
            assert!(self.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        }
        detail.to_owned()
    }

    /// A failure of the Mastodon client API with this status and text.
    #[track_caller]
    pub fn error(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.header("content-type")), (status, "application/json"), "{self:?}");
        assert_eq!(self.json()["error"], error, "{self:?}");
        if status == 401 {
            assert_eq!(self.header("www-authenticate"), "Bearer");
        }
    }

    /// The tweets of a timeline.
    #[track_caller]
    pub fn tweets(&self) -> Vec<String> {
        let entries = self.ok()["timeline"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["tweet"].as_str().unwrap().to_owned()).collect()
    }

    /// The target of a link, as a path.
    pub fn link(&self, relation: &str) -> Option<String> {
        let relation = format!("rel=\"{relation}\"");
        let link = self.header("link").split(", ").find(|link| link.ends_with(&relation))?;
        Some(link[1..link.find('>').unwrap()].to_owned())
    }
}
