//! What is counted, for Prometheus.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::core::Collector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
    process_collector::ProcessCollector,
};

use crate::http::bulkhead::{Bulkhead, Bulkheads};
use crate::http::connections::Connections;

/// What the answer of `/metrics` is (the text format of Prometheus).
pub(crate) const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The route of what matches none.
const NO_ROUTE: &str = "none";

/// From half a millisecond to ten seconds.
const BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counters. Labels have few values: routes, and not the paths that strangers make up.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    rate_limited: IntCounterVec,
    requests_in_bulkheads: IntGaugeVec,
    connections: IntGaugeVec,
}

impl Metrics {
    /// Sets up the counters. `version` is that of the program.
    ///
    /// # Errors
    /// If two have one name, which no input causes.
    pub(crate) fn new(
        version: &str,
        bulkheads: &Bulkheads,
        connections: &Connections,
    ) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("miniter_http_requests_total", "Requests that were answered."),
                &["method", "route", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new("miniter_http_request_duration_seconds", "How long their answers took.")
                    .buckets(BUCKETS.to_vec()),
                &["route"],
            )?,
            rate_limited: IntCounterVec::new(
                Opts::new("miniter_rate_limited_total", "Requests that were refused by a rate limit."),
                &["limit"],
            )?,
            requests_in_bulkheads: IntGaugeVec::new(
                Opts::new(
                    "miniter_bulkhead_requests",
                    "Requests that are on a blocking thread (running) or in the queue for one (waiting).",
                ),
                &["bulkhead", "state"],
            )?,
            connections: IntGaugeVec::new(
                Opts::new("miniter_database_connections", "Connections to the database."),
                &["state"],
            )?,
        };
        let build =
            IntGaugeVec::new(Opts::new("miniter_build_info", "Which program this is."), &["version"])?;
        build.with_label_values(&[version]).set(1);
        let collectors: [Box<dyn Collector>; 7] = [
            Box::new(metrics.requests.clone()),
            Box::new(metrics.durations.clone()),
            Box::new(metrics.rate_limited.clone()),
            Box::new(metrics.requests_in_bulkheads.clone()),
            Box::new(metrics.connections.clone()),
            Box::new(build),
            Box::new(ProcessCollector::for_self()),
        ];
        let of_bulkheads = bulkheads.all().into_iter().flat_map(Bulkhead::collectors);
        for collector in collectors.into_iter().chain(of_bulkheads).chain(connections.collectors()) {
            metrics.registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// Counts a request that was answered.
    pub(crate) fn count_request(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        // Methods can be made up, too.
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
            _ => "other",
        };
        let route = route.unwrap_or(NO_ROUTE);
        self.requests.with_label_values(&[method, route, status.as_str()]).inc();
        self.durations.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    /// Counts a request that was refused by a rate limit.
    pub(crate) fn count_rate_limited(&self, limit: &str) {
        self.rate_limited.with_label_values(&[limit]).inc();
    }

    /// Everything, in the text format of Prometheus.
    ///
    /// # Errors
    /// If something cannot be written, which no input causes.
    pub(crate) fn render(
        &self,
        bulkheads: &Bulkheads,
        database: miniter_domain::Connections,
    ) -> Result<String, prometheus::Error> {
        for bulkhead in bulkheads.all() {
            let set = |state, value: usize| {
                let gauge = self.requests_in_bulkheads.with_label_values(&[bulkhead.name, state]);
                gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            };
            set("running", bulkhead.running());
            set("waiting", bulkhead.waiting());
        }
        let miniter_domain::Connections { open, idle } = database;
        self.connections.with_label_values(&["idle"]).set(idle.into());
        self.connections.with_label_values(&["in_use"]).set(open.saturating_sub(idle).into());
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
