//! miniter over HTTP.
//!
//! `http` holds what every presentation shares; `classic` is the classic API, `mastodon` the Mastodon client API.
//! [`app`] puts them together.

mod app;
mod classic;
mod http;
mod mastodon;
mod operations;
mod server;

pub use app::{Serving, app};
pub use classic::openapi;
pub use http::address::TrustedProxies;
pub use http::bulkhead::Bulkheads;
pub use http::connections::Connections;
pub use http::cors::CorsOrigins;
pub use http::instance::InstanceSettings;
pub use http::limits::{Limits, Quotas};
pub use http::public_url::PublicUrl;
pub use http::state::{Policy, Services, State};
pub use mastodon::openapi as mastodon_openapi;
pub use server::{bind, listen, server};
