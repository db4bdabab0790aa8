//! The ways in which an order is paid, as `ExecTranAmazonpay` wants to hear of them (psp-protocol 5.2).

/// How often a consent is charged: `FrequencyUnit` and `FrequencyValue`.
const MONTHLY: [(&str, &str); 2] = [("FrequencyUnit", "Month"), ("FrequencyValue", "1")];

/// What pays an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Paying {
    /// A checkout session that the buyer chose for on Amazon's pages, then reviewed at the shop.
    Review {
        session: String,
        /// Whether the buyer also consents to a charge every month.
        monthly: bool,
    },
    /// A consent given before; no buyer is needed.
    Consent { permission: String },
    /// A checkout inside the shop's page that the gateway finalizes: no browser step is left.
    OnPage { session: String },
    /// A permission that the buyer gave inside the shop's page, charged by the gateway.
    Approved {
        permission: String,
        /// Where Amazon's script wants the browser if a second factor is demanded: `RetURL`.
        mfa_return_url: String,
    },
    /// "Pay now" at Amazon, without a review at the shop.
    Express {
        /// Where the parcel goes; nothing is shipped if nowhere.
        ship_to: Option<ShipTo>,
        monthly: bool,
    },
}

/// An address that the shop knows and Amazon must not ask for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShipTo {
    pub(super) name: String,
    pub(super) postal_code: String,
    pub(super) state: String,
    pub(super) city: String,
    pub(super) line1: String,
    pub(super) phone: String,
}

impl Paying {
    /// One word, for programs.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Review { monthly: false, .. } => "review",
            Self::Review { monthly: true, .. } => "subscribe",
            Self::Consent { .. } => "charge",
            Self::OnPage { .. } => "on-page",
            Self::Approved { .. } => "approved",
            Self::Express { .. } => "express",
        }
    }

    /// The checkout session, where the shop knows one.
    pub(super) fn session(&self) -> &str {
        match self {
            Self::Review { session, .. } | Self::OnPage { session } => session,
            _ => "",
        }
    }

    /// `AmazonpayType` (psp-protocol 1.10): how the shop is connected for this way.
    pub(super) const fn amazonpay_type(&self) -> &'static str {
        if matches!(self, Self::Approved { .. }) { "4" } else { "3" }
    }

    /// Whether the buyer gives a consent that the shop can charge again.
    pub(super) const fn is_consent(&self) -> bool {
        matches!(self, Self::Review { monthly: true, .. } | Self::Express { monthly: true, .. })
    }

    /// The fields of `ExecTranAmazonpay` that say so. `ret_url` is where the browser brings the result.
    pub(super) fn fields<'a>(&'a self, ret_url: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut fields = match self {
            Self::Review { session, .. } => vec![("AmazonCheckoutSessionID", session.as_str()), ("RetURL", ret_url)],
            Self::Consent { permission } => vec![("AmazonChargePermissionID", permission.as_str())],
            // Without RetURL: the buyer has agreed already (psp-protocol 13.15).
            Self::OnPage { session } => vec![("AmazonCheckoutSessionID", session.as_str())],
            Self::Approved { permission, mfa_return_url } => vec![
                ("AmazonChargePermissionID", permission.as_str()),
                ("ApbType", "PayOnly"),
                ("RetURL", mfa_return_url),
            ],
            Self::Express { ship_to: None, .. } => vec![("ApbType", "PayOnly"), ("RetURL", ret_url)],
            Self::Express { ship_to: Some(to), .. } => vec![
                ("ApbType", "PayAndShip"),
                ("RetURL", ret_url),
                ("AddressName", &to.name),
                ("AddressPostalCode", &to.postal_code),
                ("AddressStateOrRegion", &to.state),
                ("AddressCity", &to.city),
                ("AddressLine1", &to.line1),
                ("AddressCountryCode", "JP"),
                ("AddressPhoneNumber", &to.phone),
            ],
        };
        if self.is_consent() {
            fields.extend(MONTHLY);
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_says_how_often() {
        let session = "s".to_owned();
        let fields = |monthly| Paying::Review { session: session.clone(), monthly }.fields("r").len();
        assert_eq!((fields(false), fields(true)), (2, 4));
        let charge = Paying::Consent { permission: "C03-1-1".to_owned() };
        assert_eq!(charge.fields("r"), [("AmazonChargePermissionID", "C03-1-1")]);
    }
}
