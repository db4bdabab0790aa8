//! One attempt of a call and what came of it, for whoever keeps a record of them; and in whose name a call is made.

use super::merchant::Merchant;
use crate::domain::Millis;

/// One attempt of a call. Names and numbers only, as in the log: no key, signature or body, and no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When it began.
    pub began_at: Millis,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// Amazon's name of the operation.
    pub operation: &'static str,
    /// Of HTTP.
    pub method: String,
    /// Where it went, without the host. The ids in it are Amazon's names of its objects; a buyer's token is left out.
    pub path: String,
    /// 1 for the first attempt of its call.
    pub attempt: u32,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// Why no answer came, or none that can be trusted, in one word; none where the status says all.
    pub failure: Option<&'static str>,
    /// Amazon's code, where it sent one.
    pub reason_code: Option<String>,
    /// Amazon's name for the exchange (`x-amz-pay-request-id`), for its support.
    pub request_id: Option<String>,
}

/// Whose account a call is made from, and who hears of each of its attempts as it ends.
pub struct OnBehalf<'a> {
    merchant: &'a Merchant,
    hears: Option<Box<dyn Fn(Exchange) + Send + Sync + 'a>>,
}

impl<'a> OnBehalf<'a> {
    /// From this account, with somebody who hears. It must not wait: the call goes on only after it.
    pub fn new(merchant: &'a Merchant, hears: impl Fn(Exchange) + Send + Sync + 'a) -> Self {
        Self { merchant, hears: Some(Box::new(hears)) }
    }

    /// The account.
    pub(super) const fn merchant(&self) -> &'a Merchant {
        self.merchant
    }

    /// Tells whoever hears, if anybody does.
    pub(super) fn tell(&self, exchange: impl FnOnce() -> Exchange) {
        if let Some(hears) = &self.hears {
            hears(exchange());
        }
    }
}

impl<'a> From<&'a Merchant> for OnBehalf<'a> {
    /// From this account; nobody hears.
    fn from(merchant: &'a Merchant) -> Self {
        Self { merchant, hears: None }
    }
}
