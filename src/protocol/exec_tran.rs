//! `ExecTranAmazonpay`: one call, five ways to pay, told apart by the parameters alone (psp-protocol 5.2 and 13.15).

use super::call::Call;
use super::codes;
use super::decode::RawRequest;
use super::encoding::RequestEncoding;
use super::error::ErrInfo;
use super::field::Field;
use super::reading::{Checked, Reading};
use crate::domain::{ChargePermissionId, CheckoutSessionId, Frequency, FrequencyUnit, OrderId, PaymentType};

/// `ApbType` where nothing is shipped.
pub(super) const PAY_ONLY: &str = "PayOnly";
/// `ApbType` where something is.
pub(super) const PAY_AND_SHIP: &str = "PayAndShip";

/// `ExecTranAmazonpay`. Whether the way fits the transaction's [`AmazonpayType`](crate::domain::AmazonpayType) and its
/// amount is for the flow to judge: this call does not carry them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecTran {
    /// The order that the transaction must have.
    pub order_id: OrderId,
    /// How the buyer pays.
    pub way: Way,
    /// The cycle of a consent; never with [`Way::OnDemand`].
    pub frequency: Option<Frequency>,
    /// A note to the buyer that Amazon shows, up to 255 characters.
    pub description: Option<String>,
    /// Seconds that the `StartURL` stays usable, 1 to 86400.
    pub payment_term_sec: u32,
    /// The shop's own notes, each up to 100 bytes of Windows-31J.
    pub client_fields: [Option<String>; 3],
}

/// How the buyer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The buyer was on the shop's review page and is now sent to Amazon once more.
    Review {
        /// The session that the button began.
        session: CheckoutSessionId,
        /// Where the browser goes in the end.
        ret_url: RetUrl,
    },
    /// The buyer has already pressed "pay" in the on-page script; no browser step is left.
    Finalize {
        /// The session that the script began.
        session: CheckoutSessionId,
    },
    /// Additional payment button: the buyer decides at Amazon, without a review page.
    Apb {
        /// Where to ship, if anything is shipped.
        ship_to: Option<ShipTo>,
        /// Where the browser goes in the end.
        ret_url: RetUrl,
    },
    /// The buyer approved in Amazon's own window before this call.
    Approved {
        /// What the window gave.
        permission: ChargePermissionId,
        /// Whether something is shipped: `PayAndShip`, not `PayOnly`.
        ships: bool,
        /// Where the browser goes if Amazon wants to verify the buyer further.
        ret_url: RetUrl,
    },
    /// A charge on a consent that was given before.
    OnDemand {
        /// The consent.
        permission: ChargePermissionId,
    },
}

impl Way {
    /// Where the browser goes in the end, if there is a browser.
    pub const fn ret_url(&self) -> Option<&RetUrl> {
        match self {
            Self::Review { ret_url, .. } | Self::Apb { ret_url, .. } | Self::Approved { ret_url, .. } => Some(ret_url),
            Self::Finalize { .. } | Self::OnDemand { .. } => None,
        }
    }
}

/// An absolute `http` or `https` URL of at most 2048 visible ASCII characters, kept as the shop wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetUrl(String);

impl RetUrl {
    /// `text`, if it is such a URL.
    ///
    /// # Errors
    /// The error of the first limit that it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, ErrInfo> {
        let text = text.into();
        if text.is_empty() {
            return Err(codes::RET_URL_MISSING);
        }
        match Field::RetUrl.rule().checks.iter().find(|check| !check.shape.holds(&text)) {
            Some(broken) => Err(broken.otherwise),
            None => Ok(Self(text)),
        }
    }

    /// The URL, its own query included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `https`; a live shop must have that, else [`codes::RET_URL_FORMAT`] (psp-protocol 13.8).
    pub fn is_https(&self) -> bool {
        self.0.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }
}

/// An address for Amazon to ship to. Only the second and third line may be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the parameter of its name")]
pub struct ShipTo {
    pub name: String,
    pub line1: String,
    pub line2: Option<String>,
    pub line3: Option<String>,
    pub city: String,
    pub state_or_region: String,
    pub postal_code: String,
    pub country_code: String,
    pub phone_number: String,
}

impl ExecTran {
    /// What the payment is: what these parameters say, held against what the shop said at `EntryTran`
    /// (psp-protocol 13.1).
    ///
    /// # Errors
    /// [`codes::COMBINATION`] where the two contradict each other. A consent that the buyer already approved needs no
    /// frequency here: Amazon has it.
    pub fn payment_type(&self, declared: Option<PaymentType>) -> Result<PaymentType, ErrInfo> {
        let implied = match (&self.way, self.frequency) {
            (Way::OnDemand { .. }, _) => PaymentType::OnDemand,
            (_, Some(_)) => PaymentType::Consent,
            (Way::Approved { .. } | Way::Finalize { .. }, None) if declared == Some(PaymentType::Consent) => {
                PaymentType::Consent
            }
            (_, None) => PaymentType::OneTime,
        };
        if declared.is_none_or(|declared| declared == implied) { Ok(implied) } else { Err(codes::COMBINATION) }
    }
}

/// Reads [`ExecTran`].
pub fn read_exec_tran(raw: &RawRequest, encoding: RequestEncoding) -> Reading<ExecTran> {
    Checked::new(Call::ExecTran, raw, encoding).read(|checked| {
        Some(ExecTran {
            order_id: checked.id(Field::OrderId)?,
            way: build_way(checked)?,
            frequency: build_frequency(checked),
            description: checked.owned(Field::Description),
            payment_term_sec: checked.number(Field::PaymentTermSec)?.try_into().ok()?,
            client_fields: [Field::ClientField1, Field::ClientField2, Field::ClientField3]
                .map(|field| checked.owned(field)),
        })
    })
}

fn build_way(checked: &Checked) -> Option<Way> {
    let ret_url = || checked.text(Field::RetUrl).and_then(|text| RetUrl::new(text).ok());
    if let Some(session) = checked.id(Field::AmazonCheckoutSessionId) {
        return Some(match ret_url() {
            Some(ret_url) => Way::Review { session, ret_url },
            None => Way::Finalize { session },
        });
    }
    let ships = checked.text(Field::ApbType).map(|apb_type| apb_type == PAY_AND_SHIP);
    match (checked.id(Field::AmazonChargePermissionId), ships) {
        (Some(permission), None) => Some(Way::OnDemand { permission }),
        (Some(permission), Some(ships)) => Some(Way::Approved { permission, ships, ret_url: ret_url()? }),
        (None, Some(true)) => Some(Way::Apb { ship_to: Some(build_ship_to(checked)?), ret_url: ret_url()? }),
        (None, Some(false)) => Some(Way::Apb { ship_to: None, ret_url: ret_url()? }),
        (None, None) => None,
    }
}

fn build_ship_to(checked: &Checked) -> Option<ShipTo> {
    Some(ShipTo {
        name: checked.owned(Field::AddressName)?,
        line1: checked.owned(Field::AddressLine1)?,
        line2: checked.owned(Field::AddressLine2),
        line3: checked.owned(Field::AddressLine3),
        city: checked.owned(Field::AddressCity)?,
        state_or_region: checked.owned(Field::AddressStateOrRegion)?,
        postal_code: checked.owned(Field::AddressPostalCode)?,
        country_code: checked.owned(Field::AddressCountryCode)?,
        phone_number: checked.owned(Field::AddressPhoneNumber)?,
    })
}

fn build_frequency(checked: &Checked) -> Option<Frequency> {
    let unit = checked.text(Field::FrequencyUnit).and_then(FrequencyUnit::parse)?;
    let value = checked.text(Field::FrequencyValue)?.parse().ok()?;
    Some(Frequency { unit, value })
}
