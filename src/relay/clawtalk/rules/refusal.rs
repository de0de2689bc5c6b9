//! Why a request is refused: a status, a code and a sentence.

use std::borrow::Cow;

/// A refusal as the client sees it. No sentence says more than the request itself said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Refusal {
    pub(in crate::relay::clawtalk) status: u16,
    pub(in crate::relay::clawtalk) code: &'static str,
    pub(in crate::relay::clawtalk) text: Cow<'static, str>,
    /// Seconds after which the same may succeed.
    pub(in crate::relay::clawtalk) retry_after: Option<u64>,
}

impl Refusal {
    const fn new(status: u16, code: &'static str, text: &'static str) -> Self {
        Self {
            status,
            code,
            text: Cow::Borrowed(text),
            retry_after: None,
        }
    }

    pub(in crate::relay::clawtalk) const fn bad_request(text: &'static str) -> Self {
        Self::new(400, "BAD_REQUEST", text)
    }

    pub(in crate::relay::clawtalk) const fn too_large(text: &'static str) -> Self {
        Self::new(400, "PAYLOAD_TOO_LARGE", text)
    }

    pub(in crate::relay::clawtalk) const fn forbidden(text: &'static str) -> Self {
        Self::new(403, "FORBIDDEN", text)
    }

    pub(in crate::relay::clawtalk) const fn not_found(text: &'static str) -> Self {
        Self::new(404, "NOT_FOUND", text)
    }

    pub(in crate::relay::clawtalk) const fn conflict(text: &'static str) -> Self {
        Self::new(409, "CONFLICT", text)
    }

    pub(in crate::relay::clawtalk) fn rate_limited(
        text: impl Into<Cow<'static, str>>,
        retry_after: u64,
    ) -> Self {
        Self {
            text: text.into(),
            retry_after: Some(retry_after),
            ..Self::new(429, "RATE_LIMITED", "")
        }
    }

    pub(in crate::relay::clawtalk) const UNAUTHORIZED: Self =
        Self::new(401, "UNAUTHORIZED", "Unauthorized");
    pub(in crate::relay::clawtalk) const INVALID_JSON: Self =
        Self::bad_request("Invalid JSON body");
    /// The body did not come in time.
    pub(in crate::relay::clawtalk) const TOO_SLOW: Self =
        Self::new(408, "TIMEOUT", "Body took too long");
    pub(in crate::relay::clawtalk) const KEY_REUSED: Self = Self::new(
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "Idempotency-Key was used with another body",
    );
    pub(in crate::relay::clawtalk) const UNAVAILABLE: Self =
        Self::new(503, "UNAVAILABLE", "Storage unavailable");
}
