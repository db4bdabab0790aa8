//! What may happen next. A step names orders, sessions and permissions by a number that is taken modulo how many there
//! are, so that any sequence of steps makes sense, and a shorter one still does.

use proptest::prelude::*;

/// One thing that somebody does, or time that passes.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The shop enters an order.
    Enter(Entry),
    /// A buyer presses the shop's button and chooses; in the on-page script they also pay.
    Choose { kind: Kind, card: &'static str, amount: i64, captures: bool },
    /// The shop executes an order.
    Exec { order: usize, way: Way, who: Who },
    /// A buyer's browser brings a Token.
    Start { order: usize, right: bool },
    /// A buyer does something on Amazon's page, which with an additional payment button begins with choosing a card.
    Buyer { order: usize, act: Act, card: &'static str },
    /// A buyer's browser comes back.
    Return { order: usize },
    /// AmazonpaySales, AmazonpayCancel or AmazonpayChange.
    Settle { order: usize, call: Settle, part: Part, who: Who },
    /// SearchTradeMulti.
    SearchTrade { order: usize, who: Who },
    /// SearchAddressAmazonpay by an order.
    SearchAddress { order: usize },
    /// SearchChargePermissionAmazonpay.
    SearchPermission { permission: usize },
    /// CloseChargePermissionAmazonpay.
    ClosePermission { permission: usize },
    /// Time passes, and the gateway looks at what is due.
    Wait { ms: i64 },
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// With the number of an order that exists already.
    pub(super) again: bool,
    pub(super) captures: bool,
    pub(super) amount: i64,
    pub(super) tax: i64,
    pub(super) payment_type: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    OneTime,
    Recurring,
    OnPage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Through the review page, one payment.
    Review(usize),
    /// Through the review page, a consent.
    Consent(usize),
    /// The buyer paid in the on-page script.
    Finalize(usize),
    /// On a consent given before.
    OnDemand(usize),
    /// With the additional payment button: the buyer comes to Amazon only after AmazonpayStart.
    Apb { consent: bool, ships: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Opens the page that AmazonpayStart leads to.
    Open,
    Pay,
    GiveUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settle {
    Sales,
    Cancel,
    Change,
}

impl Settle {
    pub(super) const fn call(self) -> &'static str {
        match self {
            Self::Sales => "AmazonpaySales",
            Self::Cancel => "AmazonpayCancel",
            Self::Change => "AmazonpayChange",
        }
    }
}

/// How much of what the order stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// The same total with the two amounts exchanged.
    Exchanged,
    /// One yen less.
    OneLess,
    /// One yen more.
    OneMore,
    Half,
    One,
    Nothing,
    /// As much as the protocol can say.
    Most,
}

impl Part {
    pub(super) fn of(self, amount: i64, tax: i64) -> (i64, i64) {
        match self {
            Self::Whole => (amount, tax),
            Self::Exchanged => (tax, amount),
            Self::OneLess if amount > 0 => (amount - 1, tax),
            Self::OneMore => ((amount + 1).min(9_999_999), tax),
            Self::Half => (amount / 2, tax / 2),
            Self::One => (1, 0),
            Self::OneLess | Self::Nothing => (0, 0),
            Self::Most => (9_999_999, 0),
        }
    }
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The shop, rightly.
    Shop,
    /// The shop with a wrong ShopPass.
    WrongShopPass,
    /// The shop with a wrong AccessPass.
    WrongAccessPass,
    /// The shop with another OrderID.
    WrongOrder,
    /// Another shop with its own password and this AccessID and AccessPass.
    OtherShop,
}

/// So long after a start the Token is void; so long a refund takes; so long the gateway waits for a buyer; and so on.
const WAITS_MS: [i64; 8] =
    [1_000, 31_000, 121_000, 3_601_000, 86_401_000, 6 * 86_400_000, 8 * 86_400_000, 31 * 86_400_000];

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(1980_i64), 2 => Just(0), 1 => Just(1), 2 => Just(40_000), 1 => Just(100_000), 1 => Just(9_999_999)]
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        16 => Just(Who::Shop),
        1 => Just(Who::WrongShopPass),
        1 => Just(Who::WrongAccessPass),
        1 => Just(Who::WrongOrder),
        1 => Just(Who::OtherShop),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => Just(Part::Whole),
        1 => Just(Part::Exchanged),
        2 => Just(Part::OneLess),
        2 => Just(Part::OneMore),
        3 => Just(Part::Half),
        2 => Just(Part::One),
        1 => Just(Part::Nothing),
        1 => Just(Part::Most),
    ]
}

fn card() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        10 => Just("card-1111"),
        1 => Just("card-3064"),
        1 => Just("card-3434"),
        1 => Just("card-8001"),
        1 => Just("card-8002"),
        1 => Just("card-8003"),
        1 => Just("card-8004"),
    ]
}

fn way() -> impl Strategy<Value = Way> {
    (0..4_usize).prop_flat_map(|number| {
        prop_oneof![
            6 => Just(Way::Review(number)),
            3 => Just(Way::Consent(number)),
            2 => Just(Way::Finalize(number)),
            3 => Just(Way::OnDemand(number)),
            3 => (any::<bool>(), any::<bool>()).prop_map(|(consent, ships)| Way::Apb { consent, ships }),
        ]
    })
}

fn enter() -> impl Strategy<Value = Entry> {
    let tax = prop_oneof![3 => Just(198_i64), 2 => Just(0), 1 => Just(9_999_999)];
    let payment_type = prop_oneof![8 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(1)), 1 => Just(Some(2))];
    (any::<u8>(), any::<bool>(), amount(), tax, payment_type).prop_map(
        |(again, captures, amount, tax, payment_type)| Entry { again: again < 20, captures, amount, tax, payment_type },
    )
}

fn choose() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![4 => Just(Kind::OneTime), 3 => Just(Kind::Recurring), 2 => Just(Kind::OnPage)];
    let amount = prop_oneof![3 => Just(2178_i64), 1 => Just(1980), 1 => Just(40_198)];
    (kind, card(), amount, any::<bool>()).prop_map(|(kind, card, amount, captures)| Step::Choose {
        kind,
        card,
        amount,
        captures,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0..3_usize;
    let settle = prop_oneof![3 => Just(Settle::Sales), 4 => Just(Settle::Cancel), 3 => Just(Settle::Change)];
    let act = prop_oneof![1 => Just(Act::Open), 8 => Just(Act::Pay), 1 => Just(Act::GiveUp)];
    prop_oneof![
        3 => enter().prop_map(Step::Enter),
        3 => choose(),
        6 => (order.clone(), way(), who()).prop_map(|(order, way, who)| Step::Exec { order, way, who }),
        5 => (order.clone(), any::<u8>()).prop_map(|(order, right)| Step::Start { order, right: right >= 20 }),
        6 => (order.clone(), act, card()).prop_map(|(order, act, card)| Step::Buyer { order, act, card }),
        6 => order.clone().prop_map(|order| Step::Return { order }),
        10 => (order.clone(), settle, part(), who())
            .prop_map(|(order, call, part, who)| Step::Settle { order, call, part, who }),
        1 => (order.clone(), who()).prop_map(|(order, who)| Step::SearchTrade { order, who }),
        1 => order.prop_map(|order| Step::SearchAddress { order }),
        1 => (0..3_usize).prop_map(|permission| Step::SearchPermission { permission }),
        2 => (0..3_usize).prop_map(|permission| Step::ClosePermission { permission }),
        5 => proptest::sample::select(WAITS_MS.to_vec()).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// A whole sequence. It begins with an order and a buyer, or most of it would be about nothing; and it is often a
/// payment first, or little would be said about what follows one.
pub(super) fn sequence() -> impl Strategy<Value = Vec<Step>> {
    let payment = |order| {
        prop_oneof![
            1 => Just(Vec::new()),
            3 => (any::<u8>(), any::<bool>()).prop_map(move |(apb, consent)| {
                let apb = apb < 60;
                let way = match (apb, consent) {
                    (true, consent) => Way::Apb { consent, ships: consent },
                    (false, true) => Way::Consent(order),
                    (false, false) => Way::Review(order),
                };
                vec![
                    Step::Exec { order, way, who: Who::Shop },
                    Step::Start { order, right: true },
                    Step::Buyer { order, act: Act::Pay, card: "card-1111" },
                    Step::Return { order },
                ]
            }),
        ]
    };
    let begin = (enter().prop_map(Step::Enter), choose(), payment(0));
    (begin, proptest::collection::vec(step(), 1..18)).prop_map(|((enter, choose, payment), rest)| {
        let mut steps = vec![enter, choose];
        steps.extend(payment);
        steps.extend(rest);
        steps
    })
}
