//! Amazon's side of the model: sessions, charge permissions, charges (amazon-pay 2.3 to 2.6), as far as a gateway can
//! see them. Written from the description; shares nothing with the sandbox but the names of the test cards.

use sekisho::domain::Millis;

use super::step::Kind;

const SESSION_MS: i64 = 24 * 3_600_000;
const SESSION_READABLE_MS: i64 = 30 * 24 * 3_600_000;
const CHARGE_MS: i64 = 30 * 24 * 3_600_000;
const PERMISSION_MS: i64 = 180 * 24 * 3_600_000;
const REFUND_MS: i64 = 30_000;
const LATE_CAPTURE_MS: i64 = 30_000;
/// A charge that stands holds all that was permitted.
pub(super) const USED_UP: &str = "used up";
/// What a consent allows in a month.
const MONTHLY: i64 = 100_000;

/// What a session is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Deal {
    /// 0 where only consent is asked for.
    pub(super) total: i64,
    pub(super) captures: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Completed,
    /// With the gateway's code for the reason.
    Canceled(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Choosing,
    Processing,
    Paid,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) kind: Kind,
    pub(super) card: &'static str,
    pub(super) state: State,
    pub(super) progress: Progress,
    pub(super) deal: Option<Deal>,
    /// Whether the consent is to later charges, too, and how often was said.
    pub(super) consents: bool,
    has_cycle: bool,
    created_at: i64,
    pub(super) permission: Option<usize>,
    /// The charge that completing it made.
    pub(super) charge: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Permission {
    pub(super) session: usize,
    monthly: bool,
    limit: i64,
    card: &'static str,
    closed: Option<&'static str>,
    blocked: Option<&'static str>,
    created_at: i64,
    charges: Vec<Charge>,
}

#[derive(Debug, Clone)]
struct Charge {
    amount: i64,
    state: Charged,
    created_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charged {
    Authorized,
    /// Later than seven days after the authorisation it takes its time.
    Capturing(i64),
    Captured(i64),
    Canceled,
}

/// A charge: its permission's number and its own.
pub(super) type ChargeId = (usize, usize);

/// Money that moved: in which session, how, how much.
pub(super) type Movement = (usize, &'static str, i64);

/// What completing a session came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completed {
    /// The buyer has not agreed yet.
    NotYet,
    Paid(ChargeId),
    Consented(usize),
    Refused(&'static str),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Amazon {
    now: i64,
    pub(super) sessions: Vec<Session>,
    pub(super) permissions: Vec<Permission>,
    pub(super) movements: Vec<Movement>,
    /// When, in which session, how much.
    refunds: Vec<(i64, usize, i64)>,
    /// When, of which charge, how much.
    captures: Vec<(i64, ChargeId, i64)>,
}

impl Amazon {
    /// Time passes; everything that is due happens.
    pub(super) fn at(&mut self, now: i64) {
        self.now = now;
        for (number, session) in self.sessions.iter_mut().enumerate() {
            if session.state == State::Open && now >= session.created_at + SESSION_MS {
                session.state = State::Canceled("AZ1000007");
                if let (Progress::Paid, Some(deal)) = (session.progress, session.deal.filter(|deal| deal.total > 0)) {
                    self.movements.push((number, "released", deal.total));
                }
            }
        }
        for permission in &mut self.permissions {
            for charge in &mut permission.charges {
                if charge.state == Charged::Authorized && now >= charge.created_at + CHARGE_MS {
                    charge.state = Charged::Canceled;
                    self.movements.push((permission.session, "canceled", charge.amount));
                }
            }
            if !permission.monthly && now >= permission.created_at + PERMISSION_MS {
                permission.closed.get_or_insert("Expired");
            }
        }
        let (begun, open) = self.captures.iter().partition(|(at, ..)| *at <= now);
        self.captures = open;
        let begun: Vec<(i64, ChargeId, i64)> = begun;
        for (_, charge, amount) in begun {
            self.capture(charge, amount);
        }
        let (done, open) = self.refunds.iter().partition(|(at, ..)| *at <= now);
        self.refunds = open;
        let done: Vec<(i64, usize, i64)> = done;
        self.movements.extend(done.into_iter().map(|(_, session, amount)| (session, "refunded", amount)));
    }

    /// A buyer has chosen; in the on-page script they have also paid, if the card let them.
    pub(super) fn choose(&mut self, kind: Kind, card: &'static str, deal: Deal) {
        self.sessions.push(Session {
            kind,
            card,
            state: State::Open,
            progress: Progress::Choosing,
            deal: (kind == Kind::OnPage).then_some(deal),
            consents: kind == Kind::Recurring,
            has_cycle: false,
            created_at: self.now,
            permission: None,
            charge: None,
        });
        if kind == Kind::OnPage {
            let session = self.sessions.len() - 1;
            self.open_page(session);
            self.pay(session);
        }
    }

    /// A buyer comes with a payload that says everything, and is on the paying page.
    pub(super) fn begin(&mut self, card: &'static str, deal: Deal, consents: bool) -> usize {
        self.choose(Kind::OneTime, card, deal);
        let number = self.sessions.len() - 1;
        let session = &mut self.sessions[number];
        session.deal = Some(deal);
        (session.consents, session.has_cycle) = (consents, consents);
        self.open_page(number);
        number
    }

    /// Whether the session can still be read.
    pub(super) fn is_readable(&self, session: usize) -> bool {
        self.now - self.sessions[session].created_at <= SESSION_READABLE_MS
    }

    /// The merchant says what a session is to do; `Err` with the code.
    pub(super) fn update(&mut self, session: usize, deal: Deal, cycle: bool) -> Result<(), &'static str> {
        let session = &mut self.sessions[session];
        if session.state != State::Open || session.progress != Progress::Choosing {
            return Err("AZ1000007");
        }
        session.deal = Some(deal);
        session.consents |= cycle;
        session.has_cycle |= cycle;
        // A consent without its cycle cannot be given.
        if session.consents && !session.has_cycle { Err("AZ1000007") } else { Ok(()) }
    }

    /// The buyer opens the page on which they pay; from here the merchant can change nothing.
    pub(super) fn open_page(&mut self, session: usize) {
        let session = &mut self.sessions[session];
        if session.state == State::Open && session.progress == Progress::Choosing {
            session.progress = Progress::Processing;
        }
    }

    pub(super) fn pay(&mut self, number: usize) {
        let session = &mut self.sessions[number];
        if session.state != State::Open || session.progress != Progress::Processing {
            return;
        }
        match session.card {
            "card-3064" => session.state = State::Canceled("AZ1000001"),
            "card-3434" => session.state = State::Canceled("AZ1000003"),
            _ => {
                session.progress = Progress::Paid;
                if let Some(deal) = session.deal.filter(|deal| deal.total > 0) {
                    self.movements.push((number, "reserved", deal.total));
                }
            }
        }
    }

    pub(super) fn give_up(&mut self, session: usize) {
        let session = &mut self.sessions[session];
        if session.state == State::Open && session.progress == Progress::Processing {
            session.state = State::Canceled("AZ1000001");
        }
    }

    /// Complete, or Finalize: the session becomes a permission, and a charge where there is something to charge.
    pub(super) fn complete(&mut self, number: usize) -> Completed {
        let session = &self.sessions[number];
        let deal = match (&session.state, session.progress, session.deal) {
            (State::Canceled(code), ..) => return Completed::Refused(code),
            (State::Open, Progress::Paid, Some(deal)) => deal,
            _ => return Completed::NotYet,
        };
        let monthly = session.consents;
        if monthly && deal.total > MONTHLY {
            return Completed::Refused("AZ1000010");
        }
        self.permissions.push(Permission {
            session: number,
            monthly,
            limit: if monthly { MONTHLY } else { deal.total },
            card: session.card,
            closed: None,
            blocked: None,
            created_at: self.now,
            charges: Vec::new(),
        });
        let permission = self.permissions.len() - 1;
        let charge = (deal.total > 0).then(|| self.make_charge(permission, deal));
        let session = &mut self.sessions[number];
        session.state = State::Completed;
        session.permission = Some(permission);
        session.charge = charge.map(|(_, charge)| charge);
        charge.map_or(Completed::Consented(permission), Completed::Paid)
    }

    /// Create Charge; `Err` with the code, or [`USED_UP`].
    pub(super) fn charge(&mut self, number: usize, deal: Deal) -> Result<ChargeId, &'static str> {
        let (state, reason, balance) = self.standing(number);
        let permission = &mut self.permissions[number];
        match state {
            "Closed" => return Err("AZ1000009"),
            "Chargeable" => {}
            _ if reason == "ChargeInProgress" => return Err(USED_UP),
            _ => return Err("AZ1000008"),
        }
        if deal.total > balance {
            return Err("AZ1000010");
        }
        match permission.card {
            "card-8001" => Err("AZ1000003"),
            "card-8002" => {
                permission.blocked = Some("PaymentMethodInvalid");
                Err("AZ1000004")
            }
            "card-8003" => {
                permission.closed = Some("AmazonCanceled");
                Err("AZ1000002")
            }
            "card-8004" => Err("AZ1000006"),
            _ => Ok(self.make_charge(number, deal)),
        }
    }

    fn make_charge(&mut self, number: usize, deal: Deal) -> ChargeId {
        let permission = &mut self.permissions[number];
        permission.charges.push(Charge { amount: deal.total, state: Charged::Authorized, created_at: self.now });
        self.movements.push((permission.session, "authorized", deal.total));
        let charge = (number, permission.charges.len() - 1);
        if deal.captures {
            self.capture(charge, deal.total);
        }
        charge
    }

    /// Capture Charge, of one that is authorised.
    pub(super) fn capture(&mut self, (number, charge): ChargeId, amount: i64) {
        let permission = &mut self.permissions[number];
        permission.charges[charge].state = Charged::Captured(amount);
        self.movements.push((permission.session, "captured", amount));
        let captured = |charge: &Charge| if let Charged::Captured(amount) = charge.state { amount } else { 0 };
        if !permission.monthly && permission.charges.iter().map(captured).sum::<i64>() >= permission.limit {
            permission.closed.get_or_insert("AmazonClosed");
        }
    }

    /// Capture Charge, of one that was authorised more than seven days ago.
    pub(super) fn begin_capture(&mut self, (number, charge): ChargeId, amount: i64) {
        self.permissions[number].charges[charge].state = Charged::Capturing(amount);
        self.captures.push((self.now + LATE_CAPTURE_MS, (number, charge), amount));
    }

    /// What a charge holds for its merchant.
    pub(super) fn held(&self, (number, charge): ChargeId) -> i64 {
        let charge = &self.permissions[number].charges[charge];
        if charge.state == Charged::Authorized { charge.amount } else { 0 }
    }

    /// Cancel Charge; one that has lapsed is cancelled already.
    pub(super) fn cancel(&mut self, (number, charge): ChargeId) {
        let permission = &mut self.permissions[number];
        let charge = &mut permission.charges[charge];
        if charge.state == Charged::Authorized {
            charge.state = Charged::Canceled;
            self.movements.push((permission.session, "canceled", charge.amount));
        }
    }

    /// Create Refund.
    pub(super) fn refund(&mut self, (number, _): ChargeId, amount: i64) {
        self.refunds.push((self.now + REFUND_MS, self.permissions[number].session, amount));
    }

    pub(super) fn is_closed(&self, permission: usize) -> bool {
        self.permissions[permission].closed.is_some()
    }

    pub(super) fn close(&mut self, permission: usize) {
        self.permissions[permission].closed.get_or_insert("MerchantClosed");
    }

    /// A permission's state, the reason, and what may still be charged.
    pub(super) fn standing(&self, number: usize) -> (&'static str, &'static str, i64) {
        let permission = &self.permissions[number];
        let month = |at: i64| Millis(at).jst()[..6].to_owned();
        let counts = |charge: &&Charge| !permission.monthly || month(charge.created_at) == month(self.now);
        let uses = |charge: &Charge| match charge.state {
            Charged::Authorized => charge.amount,
            Charged::Capturing(amount) | Charged::Captured(amount) => amount,
            Charged::Canceled => 0,
        };
        let balance = (permission.limit - permission.charges.iter().filter(counts).map(uses).sum::<i64>()).max(0);
        let is_open = |charge: &Charge| matches!(charge.state, Charged::Authorized | Charged::Capturing(_));
        let held = permission.charges.iter().any(is_open);
        match (permission.closed, permission.blocked) {
            (Some(reason), _) => ("Closed", reason, balance),
            (None, Some(reason)) => ("NonChargeable", reason, balance),
            (None, None) if !permission.monthly && balance == 0 && held => {
                ("NonChargeable", "ChargeInProgress", balance)
            }
            (None, None) => ("Chargeable", "", balance),
        }
    }

    /// The most that a permission allows.
    pub(super) fn limit(&self, permission: usize) -> i64 {
        self.permissions[permission].limit
    }
}
