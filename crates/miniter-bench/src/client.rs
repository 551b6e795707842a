//! One client that sends one request after the other.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::load::Request;

/// A client with one kept-alive connection.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        Self { agent: config.build().into(), base: format!("http://{address}") }
    }

    /// Sends a request and returns the time until its response.
    pub(crate) fn ask(&self, request: &Request) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.read(request)?;
        Ok(begun.elapsed())
    }

    /// Sends a request and returns the body of its response.
    pub(crate) fn read(&self, request: &Request) -> anyhow::Result<Vec<u8>> {
        let Request { method, path, token, body: sent } = request;
        let built = ureq::http::Request::builder()
            .method(*method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", token)
            .header("content-type", "application/json");
        let mut answer = if sent.is_empty() {
            self.agent.run(built.body(())?)?
        } else {
            self.agent.run(built.body(sent.as_str())?)?
        };
        let body = answer.body_mut().read_to_vec()?;
        if !answer.status().is_success() {
            bail!("{method} {path}: {}", answer.status());
        }
        Ok(body)
    }

    /// Sends the requests in turn and returns the median response time, in milliseconds.
    pub(crate) fn median_ms<'a>(
        &self,
        requests: impl IntoIterator<Item = &'a Request>,
    ) -> anyhow::Result<f64> {
        let mut times =
            requests.into_iter().map(|request| self.ask(request)).collect::<anyhow::Result<Vec<_>>>()?;
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        Ok(median.as_secs_f64() * 1_000.0)
    }
}
