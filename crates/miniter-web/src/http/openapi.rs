//! OpenAPI documents and endpoints.

use utoipa::openapi::PathItem;
use utoipa::openapi::path::Operation;

use crate::http::endpoint::Method;

/// The operation of a documented path that has this method.
pub(crate) fn operation_of(path: &mut PathItem, method: Method) -> &mut Option<Operation> {
    match method {
        Method::Get => &mut path.get,
        Method::Head => &mut path.head,
        Method::Post => &mut path.post,
        Method::Put => &mut path.put,
        Method::Patch => &mut path.patch,
        Method::Delete => &mut path.delete,
    }
}
