//! Whether Graph can be reached at all: a question before there is a token, or when there is none.

use std::time::Duration;

use http::Method;
use url::Url;

use crate::base::cancel::CancelToken;
use crate::transport::{Request, Transport, TransportError};

/// Asks Graph's root once, without a token. Any answer, a refusal too, proves the way and the certificate; its body is not read.
pub fn reach(
    transport: &dyn Transport,
    cancel: &CancelToken,
    root: &Url,
    deadline: Duration,
) -> Result<(), TransportError> {
    let mut request = Request::new(Method::GET, root.clone());
    request.deadline = Some(deadline);
    transport.send(request, cancel).map(|_| ())
}
