//! Bodies of `multipart/form-data`, whose parts are text.

use actix_multipart::Multipart;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::once;

use crate::http::body::fields::Fields;
use crate::http::body::note;
use crate::http::failure::Failure;

/// Reads the parts of a body, whose media type has the boundary between them.
pub(super) async fn parse(media_type: HeaderValue, bytes: Bytes) -> Result<Fields, Failure> {
    let length = bytes.len();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, media_type);
    let mut parts = Multipart::new(&headers, once(async { Ok(bytes) }));
    let mut fields = Fields::default();
    while let Some(mut part) = parts.try_next().await.map_err(|error| malformed(&error))? {
        let disposition = part.content_disposition();
        if disposition.is_some_and(|of| of.get_filename().is_some() || of.get_filename_ext().is_some()) {
            return Err(Failure::UnfitBody { note: "a part is a file".into() });
        }
        let value = part.bytes(length).await.map_err(|error| malformed(&error))?;
        let value = value.map_err(|error| malformed(&error))?;
        let value = String::from_utf8(value.into()).map_err(|error| malformed(&error))?;
        fields.add(part.name().unwrap_or_default(), value)?;
    }
    Ok(fields)
}

fn malformed(error: &impl ToString) -> Failure {
    Failure::MalformedBody { note: note(&error.to_string()) }
}
