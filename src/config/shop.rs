//! A shop as the operator describes it in `shops.toml`. The top-level `shops.toml` explains each key to operators;
//! the fields here bear the same names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::mistake::Place;
use super::secret::Secret;

/// The calls a shop's server may be allowed, as psp-protocol 4 names them. `AmazonpayStart` is not among them: it is
/// the buyer's browser that makes it, and only after an ExecTran.
pub const SHOP_CALLS: [&str; 9] = [
    "EntryTranAmazonpay",
    "ExecTranAmazonpay",
    "AmazonpaySales",
    "AmazonpayCancel",
    "AmazonpayChange",
    "SearchAddressAmazonpay",
    "SearchChargePermissionAmazonpay",
    "CloseChargePermissionAmazonpay",
    "SearchTradeMulti",
];

/// Whether money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// No: Amazon's sandbox, or ours.
    Sandbox,
    /// Yes.
    Live,
}

impl Environment {
    /// As written in `shops.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Live => "live",
        }
    }

    /// What a public key id of this environment begins with (amazon-pay 1.1).
    pub fn key_prefix(self) -> &'static str {
        match self {
            Self::Sandbox => "SANDBOX-",
            Self::Live => "LIVE-",
        }
    }
}

/// Where the shop's Amazon Pay account is at home (amazon-pay 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Japan.
    Jp,
    /// North America.
    Na,
    /// Europe.
    Eu,
}

impl Region {
    /// As written in `shops.toml` and in the header `x-amz-pay-region`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jp => "jp",
            Self::Na => "na",
            Self::Eu => "eu",
        }
    }

    /// The host of Amazon Pay's API.
    pub fn api_host(self) -> &'static str {
        match self {
            Self::Jp => "pay-api.amazon.jp",
            Self::Na => "pay-api.amazon.com",
            Self::Eu => "pay-api.amazon.eu",
        }
    }
}

/// How the bytes of a shop's idPass requests are read (psp-protocol 13.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestEncoding {
    /// Always Windows-31J.
    Windows31J,
    /// Always UTF-8.
    Utf8,
    /// UTF-8 where the bytes are valid UTF-8 with at least one multi-byte character, otherwise Windows-31J.
    Auto,
}

/// How values stand in idPass answers (psp-protocol 13.10). Token and StartURL are raw either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseEncoding {
    /// Windows-31J bytes, form-encoded.
    Percent,
    /// Windows-31J bytes as they are.
    Raw,
}

/// What a shop may be notified of (psp-protocol 13.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotifyEvent {
    /// Status AUTH.
    Auth,
    /// Status AUTHPROCESS, because Amazon takes its time over an authorisation.
    AuthProcess,
    /// Status CAPTURE.
    Capture,
    /// Status REGISTER.
    Register,
    /// Status PAYFAIL.
    PayFail,
    /// Status EXPIRED.
    Expired,
    /// Status SALES.
    Sales,
    /// Status CANCEL.
    Cancel,
    /// Status REQRETURN.
    ReqReturn,
    /// Status RETURN.
    Return,
    /// Status END.
    End,
    /// The amount changed and the Status did not.
    Change,
    /// Amazon refused a refund; the Status is what it was before.
    RefundRefused,
}

impl NotifyEvent {
    /// Every event, with its name in `shops.toml`.
    pub const ALL: [(&'static str, Self); 13] = [
        ("AUTH", Self::Auth),
        ("AUTHPROCESS", Self::AuthProcess),
        ("CAPTURE", Self::Capture),
        ("REGISTER", Self::Register),
        ("PAYFAIL", Self::PayFail),
        ("EXPIRED", Self::Expired),
        ("SALES", Self::Sales),
        ("CANCEL", Self::Cancel),
        ("REQRETURN", Self::ReqReturn),
        ("RETURN", Self::Return),
        ("END", Self::End),
        ("CHANGE", Self::Change),
        ("REFUND_REFUSED", Self::RefundRefused),
    ];
}

/// A shop; `S` is a secret, or where one is to be found: see [`ShopSettings`] and [`ShopEntry`].
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in shops.toml")]
pub struct Shop<S> {
    /// 13 ASCII letters and digits; no two shops of a file have the same.
    pub shop_id: String,
    /// What operators call the shop: 1 to 50 characters.
    pub name: String,
    /// What buyers see at Amazon: 1 to 50 characters.
    pub store_name: String,
    /// Whether money moves.
    pub environment: Environment,
    /// A shop that is not enabled is refused every call.
    pub enabled: bool,
    /// The calls of [`SHOP_CALLS`] that the shop's server may make.
    pub calls: BTreeSet<&'static str>,
    /// The password the shop sends with every call: 1 to 64 ASCII letters and digits.
    pub shop_pass: S,
    /// A second password that counts as much, while the shop changes from one to the other.
    pub other_shop_pass: Option<S>,
    /// Amazon's id of the merchant: `A` and 12 or 13 more of `0-9 A-Z`.
    pub merchant_id: String,
    /// Amazon's id of the store: `amzn1.application-oa2-client.` and 32 hexadecimal digits.
    pub store_id: String,
    /// Amazon's id of the key: [`Environment::key_prefix`] and 24 of `0-9 A-Z`.
    pub public_key_id: String,
    /// The private key that belongs to it, RSA, as PEM (`PRIVATE KEY` or `RSA PRIVATE KEY`).
    pub private_key: S,
    /// A second key pair at Amazon Pay, while the shop changes from one to the other. Nothing is signed with it.
    pub other_key: Option<OtherKey<S>>,
    /// Where the Amazon Pay account is at home.
    pub region: Region,
    /// Where Amazon Pay answers: scheme, host and perhaps port, without a slash at the end.
    pub amazon_endpoint: String,
    /// Where result notifications go; none are sent where it is absent. `https`, or for a sandbox shop also `http`.
    pub notify_url: Option<String>,
    /// Signs notifications as Standard Webhooks: `whsec_` and the key in base64.
    pub notify_secret: Option<S>,
    /// How long the shop's server may take to answer a notification, in milliseconds.
    pub notify_timeout_ms: u32,
    /// How long after each failed notification, in minutes, the next is sent; after the last one none is.
    pub notify_retry_minutes: Vec<u32>,
    /// What the shop is notified of.
    pub notify_events: BTreeSet<NotifyEvent>,
    /// How the shop's idPass requests are read.
    pub request_encoding: RequestEncoding,
    /// How idPass answers are written for the shop.
    pub response_encoding: ResponseEncoding,
    /// How long a buyer may stay at Amazon before the transaction is EXPIRED, in minutes (psp-protocol 13.12).
    pub authprocess_limit_minutes: u32,
    /// Whether `AmazonpaySales` refuses a total below the authorised one (psp-protocol 5.4).
    pub sales_amount_must_match: bool,
    /// Whether Amazon may take up to a day over an authorisation (`canHandlePendingAuthorization`); only with JobCd AUTH,
    /// for Amazon does not allow it together with a capture (amazon-pay 2.3).
    pub pending_authorization: bool,
    /// Whether `AmazonpaySales` and `AmazonpayChange` charge the permission anew where the authorisation is older than
    /// the 30 days that Amazon keeps one (amazon-pay 2.5).
    pub renew_expired_authorization: bool,
}

/// The key pair that is to come, or that was.
#[derive(Debug, Clone)]
pub struct OtherKey<S> {
    /// Amazon's id of it, of the same environment as the first.
    pub public_key_id: String,
    /// The private key that belongs to it.
    pub private_key: S,
}

/// A shop ready for business.
pub type ShopSettings = Shop<Secret>;

/// A shop as `shops.toml` has it, its secrets not yet read.
pub type ShopEntry = Shop<SecretSource>;

impl<S> Shop<S> {
    /// Whether the shop's server may make this call, named as in [`SHOP_CALLS`].
    pub fn may_call(&self, call: &str) -> bool {
        self.enabled && self.calls.contains(call)
    }

    /// Whether the shop wants to hear of this event: it has a `notify_url` and did not leave the event out.
    pub fn is_notified_of(&self, event: NotifyEvent) -> bool {
        self.notify_url.is_some() && self.notify_events.contains(&event)
    }
}

/// Where a secret is to be found, and which line of `shops.toml` says so.
#[derive(Debug, Clone)]
pub struct SecretSource {
    /// The line that a mistake is reported at.
    pub place: Place,
    /// Where it is.
    pub whence: Whence,
}

/// Where a secret is.
#[derive(Debug, Clone)]
pub enum Whence {
    /// In this file; a relative path has been joined to the directory of `shops.toml`.
    File(PathBuf),
    /// In this environment variable.
    Env(String),
    /// Here: written in `shops.toml` itself, which only a sandbox shop may.
    Literal(Secret),
}
