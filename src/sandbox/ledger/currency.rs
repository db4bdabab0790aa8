//! The currencies that a merchant's ledger can be kept in, and what Amazon's limits are in each (amazon-pay 2.2, 2.4,
//! 2.6).

use serde::{Deserialize, Serialize};

/// The currency of a merchant's ledger. It also says in which of Amazon's regions the merchant is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Currency {
    /// Japan.
    #[default]
    JPY,
    /// North America.
    USD,
    /// Europe.
    EUR,
    /// The United Kingdom; its region is Europe.
    GBP,
}

impl Currency {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::JPY, Self::USD, Self::EUR, Self::GBP];

    /// Its ISO 4217 code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JPY => "JPY",
            Self::USD => "USD",
            Self::EUR => "EUR",
            Self::GBP => "GBP",
        }
    }

    /// The currency with this ISO 4217 code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.as_str() == code)
    }

    /// Digits after the point: the yen has no minor unit.
    pub const fn decimals(self) -> usize {
        match self {
            Self::JPY => 0,
            Self::USD | Self::EUR | Self::GBP => 2,
        }
    }

    /// The region that requests name in `x-amz-pay-region`, by each of its names (amazon-pay 1.1).
    pub const fn regions(self) -> &'static [&'static str] {
        match self {
            Self::JPY => &["jp"],
            Self::USD => &["na", "us"],
            Self::EUR | Self::GBP => &["eu", "de", "uk"],
        }
    }

    /// The two digits of the region in ids (amazon-pay 6).
    pub(super) const fn region_digits(self) -> &'static str {
        match self {
            Self::JPY => "03",
            Self::USD => "01",
            Self::EUR | Self::GBP => "02",
        }
    }

    /// The most that one transaction may be, in minor units.
    pub(super) const fn transaction_max(self) -> i64 {
        match self {
            Self::JPY => 10_000_000,
            Self::USD | Self::EUR | Self::GBP => 15_000_000,
        }
    }

    /// What a subscription may cost in a month, in minor units. That of EUR and GBP is not public: as USD.
    pub(super) const fn recurring_monthly(self) -> i64 {
        match self {
            Self::JPY | Self::USD | Self::EUR | Self::GBP => 100_000,
        }
    }

    /// What a stored payment method may be charged in a month, in minor units.
    pub(super) const fn on_file_monthly(self) -> i64 {
        match self {
            Self::JPY => 2_000_000,
            Self::USD | Self::EUR | Self::GBP => 1_500_000,
        }
    }

    /// The most that may be refunded beyond what was captured, in minor units.
    pub(super) const fn refund_extra_max(self) -> i64 {
        match self {
            Self::JPY => 8_400,
            Self::USD | Self::EUR | Self::GBP => 7_500,
        }
    }

    /// What an order with `allowOvercharge` may grow to at least, in minor units; Japan only.
    pub(super) const fn overcharge_floor(self) -> Option<i64> {
        match self {
            Self::JPY => Some(70_000),
            Self::USD | Self::EUR | Self::GBP => None,
        }
    }
}
