//! What the window of an on-page checkout and the shop's page say to each other. The steps are in `on_page`.

use serde::{Deserialize, Serialize};

use super::Amount;

/// What the window and the shop's page know of each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OnPage {
    /// Scheme, host and port of the shop's page; nobody else is asked.
    pub origin: String,
    /// As the button had it, such as `ja_JP`.
    pub checkout_language: String,
    /// Who charges, where a payment service provider does.
    pub processor: Option<String>,
    /// What the order costs, and how it may be sent.
    pub cart: Cart,
    /// Which of the cart's delivery options is chosen.
    pub delivery: Option<String>,
    /// Whose turn it is.
    pub turn: Turn,
    /// What was wrong with the shop's last answer, for its engineer.
    pub complaint: Option<String>,
    /// How far the second factor is.
    pub(super) mfa: Mfa,
}

impl OnPage {
    /// Nobody has signed in yet.
    pub const fn new(origin: String, checkout_language: String, processor: Option<String>, cart: Cart) -> Self {
        let turn = Turn::Buyer(None);
        Self { origin, checkout_language, processor, cart, delivery: None, turn, complaint: None, mfa: Mfa::NotAsked }
    }
}

/// `CartDetails`: what the handlers answer. `None` is "not said".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    /// The goods.
    pub base: Option<Amount>,
    /// Sending them.
    pub shipping: Option<Amount>,
    /// Tax.
    pub tax: Option<Amount>,
    /// What is taken off.
    pub discount: Option<Amount>,
    /// What is paid now.
    pub charge: Option<Amount>,
    /// What the order costs in all.
    pub order: Option<Amount>,
    /// How it may be sent.
    pub options: Option<Vec<DeliveryOption>>,
}

/// One way to send the goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryOption {
    /// The shop's.
    pub id: String,
    /// What it costs.
    pub price: Amount,
    /// For the buyer.
    pub name: String,
    /// Whether it is chosen at first.
    pub is_default: bool,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// The buyer chooses and pays.
    Buyer(Option<Trouble>),
    /// The shop's page answers.
    Shop(Ask),
    /// Nobody's any more.
    Over(Ending),
}

/// What the shop's page is asked, by the names of its handlers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// `onInitCheckout`.
    Init,
    /// `onShippingAddressSelection`.
    ShippingAddress,
    /// `onDeliveryOptionSelection`.
    DeliveryOption,
    /// `onCompleteCheckout`.
    Complete,
}

impl Ask {
    const ALL: [Self; 4] = [Self::Init, Self::ShippingAddress, Self::DeliveryOption, Self::Complete];

    /// The handler's name.
    pub const fn handler(self) -> &'static str {
        match self {
            Self::Init => "onInitCheckout",
            Self::ShippingAddress => "onShippingAddressSelection",
            Self::DeliveryOption => "onDeliveryOptionSelection",
            Self::Complete => "onCompleteCheckout",
        }
    }

    /// The one whose handler is called `name`.
    pub fn of_handler(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ask| ask.handler() == name)
    }
}

/// Why the buyer has to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The shop says that the payment was declined.
    Declined,
    /// The shop does not take this choice.
    Refused,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The shop has its payment.
    Success,
    /// The buyer gave up.
    Canceled,
    /// The shop could not go on.
    Error,
}

/// What a handler answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Amounts and delivery options.
    Cart(Cart),
    /// Paid.
    Success,
    /// Not paid: the buyer may choose another card.
    Decline,
    /// The buyer must be sent to this address first, and comes back by `amazonPayMFAReturnUrl`.
    Redirect(String),
    /// The shop cannot go on.
    Error,
}

/// What the buyer chooses on the one page of an on-page checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick<'a> {
    /// Where to.
    Address(&'a str),
    /// How.
    Delivery(&'a str),
    /// With which card.
    Payment(&'a str),
}

/// The second factor of a payment that a provider charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mfa {
    /// Nobody wants one.
    NotAsked,
    /// Create Charge was refused for it; the browser then goes to the address that it named, if any.
    Demanded(Option<String>),
    /// Given.
    Proven,
    /// Not given.
    Failed,
}

impl Cart {
    /// Changes what `new` says and keeps the rest.
    pub fn amend(&mut self, new: Self) {
        let Self { base, shipping, tax, discount, charge, order, options } = new;
        for (old, new) in [
            (&mut self.base, base),
            (&mut self.shipping, shipping),
            (&mut self.tax, tax),
            (&mut self.discount, discount),
            (&mut self.charge, charge),
            (&mut self.order, order),
        ] {
            *old = new.or(*old);
        }
        self.options = options.or(self.options.take());
    }

    /// The delivery option with this id.
    pub fn option(&self, id: &str) -> Option<&DeliveryOption> {
        self.options.iter().flatten().find(|option| option.id == id)
    }
}
