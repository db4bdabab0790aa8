//! What a person does about a payment: first a page that asks for the amounts, then one that says exactly what will happen,
//! then the act, through the same use cases as the shop's calls.
//!
//! The page that says it names the version that it speaks of, and nothing is done on top of another one: a form that is
//! sent twice, or that is out of date, does nothing and says so.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::deed::{done, why};
use super::one;
use super::{App, Asked, Failure, Frame, Staff, words};
use crate::config::NotifyEvent;
use crate::domain::{Money, State as Standing, Transaction, Yen};
use crate::flow::Possible;
use crate::protocol::Language;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Sales,
    /// Of an authorisation, as a whole; or of captured money, any part.
    Cancel,
    Change,
}

impl Act {
    pub(super) const ALL: [Self; 3] = [Self::Sales, Self::Cancel, Self::Change];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Cancel => "cancel",
            Self::Change => "change",
        }
    }

    /// In the audit log, before it is done.
    pub(super) const fn name_asked(self) -> &'static str {
        match self {
            Self::Sales => "transaction.sales.asked",
            Self::Cancel => "transaction.cancel.asked",
            Self::Change => "transaction.change.asked",
        }
    }

    /// In the audit log, with its outcome.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sales => "transaction.sales",
            Self::Cancel => "transaction.cancel",
            Self::Change => "transaction.change",
        }
    }

    /// The amounts that it starts from, if the transaction's state allows it.
    pub(super) fn limit(self, possible: &Possible) -> Option<Money> {
        match self {
            Self::Sales => possible.sales,
            Self::Cancel => possible.cancel.or(possible.refund),
            Self::Change => possible.change,
        }
    }

    pub(super) fn label(self, transaction: &Transaction, language: Language) -> &'static str {
        match (self, &transaction.state) {
            (Self::Sales, _) => language.pick("実売上にする", "Capture (Sales)"),
            (Self::Cancel, Standing::Auth(_)) => language.pick("仮売上を取り消す", "Cancel the authorisation"),
            (Self::Cancel, _) => language.pick("返金する", "Refund"),
            (Self::Change, _) => language.pick("金額を変更する", "Change the amounts"),
        }
    }
}

#[derive(Template)]
#[template(path = "console/transactions/act.html")]
struct ActPage {
    frame: Frame,
    access_id: String,
    order: String,
    act: &'static str,
    label: &'static str,
    /// What will happen; empty while amounts are still asked for.
    consequences: Vec<String>,
    limit: String,
    amount: String,
    tax: String,
    version: i64,
}

/// A transaction and what is to be done about it.
pub(super) struct Subject {
    pub(super) transaction: Transaction,
    pub(super) act: Act,
    limit: Money,
}

async fn subject(console: &App, staff: &Staff, access_id: &str, act: &str) -> Result<Result<Subject, ()>, Failure> {
    let (transaction, timeline) = one::found(console, staff, access_id).await?;
    let act = Act::ALL.into_iter().find(|one| one.word() == act).ok_or_else(Failure::not_found)?;
    let limit = if one::is_busy(&timeline) { None } else { act.limit(&Possible::of(&transaction)) };
    Ok(limit.map(|limit| Subject { transaction, act, limit }).ok_or(()))
}

pub(super) async fn ask(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path((access_id, act)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let Ok(subject) = subject(&console, &staff, &access_id, &act).await? else {
        return not_possible(&console, &staff, &asked, &access_id).await;
    };
    let whole = subject.act == Act::Cancel && matches!(subject.transaction.state, Standing::Auth(_));
    if asked.field("amount").is_empty() && asked.field("tax").is_empty() && !whole {
        return form(&console, &staff, &asked, &subject, Ok(None));
    }
    let wanted = if whole { Ok(subject.limit) } else { typed(&subject, &asked) };
    form(&console, &staff, &asked, &subject, wanted.map(Some))
}

/// The amounts that were typed, or what is wrong with them.
fn typed(subject: &Subject, asked: &Asked) -> Result<Money, String> {
    let part = |name: &str| match asked.field(name) {
        "" => Some(Yen::ZERO),
        text => words::typed_yen(text),
    };
    let money = part("amount").zip(part("tax")).and_then(|(amount, tax)| Money::new(amount, tax));
    let Some(money) = money else {
        return Err(asked
            .t(
                "金額は半角数字で0以上の整数（円）、合計9999999以下です。",
                "Amounts are whole yen, 9999999 at most in all.",
            )
            .to_owned());
    };
    if money.total() == Yen::ZERO {
        return Err(asked.t("金額を入力してください。", "Please give an amount.").to_owned());
    }
    let may_rise = subject.act == Act::Change && matches!(subject.transaction.state, Standing::Auth(_));
    if !may_rise && money.total() > subject.limit.total() {
        let most = words::yen(subject.limit.total().get(), asked.language);
        return Err(format!("{} {most}", asked.t("合計は次の金額までです:", "In all it can be at most")));
    }
    if subject.act == Act::Change && money == subject.limit {
        return Err(asked.t("金額が変わっていません。", "These are the amounts as they are.").to_owned());
    }
    Ok(money)
}

/// The page that asks for amounts, or the one that says what will happen with them.
fn form(
    console: &App,
    staff: &Staff,
    asked: &Asked,
    subject: &Subject,
    wanted: Result<Option<Money>, String>,
) -> Result<Response, Failure> {
    let mut frame = Frame::of(Some(staff), asked);
    let mut status = StatusCode::OK;
    let (mut amount, mut tax) = (subject.limit.amount.to_string(), subject.limit.tax.to_string());
    let consequences = match wanted {
        Ok(Some(money)) => {
            (amount, tax) = (money.amount.to_string(), money.tax.to_string());
            consequences(console, subject, money, asked.language)
        }
        Ok(None) => Vec::new(),
        Err(fault) => {
            (amount, tax) = (asked.field("amount").to_owned(), asked.field("tax").to_owned());
            status = StatusCode::UNPROCESSABLE_ENTITY;
            frame = frame.saying(false, fault);
            Vec::new()
        }
    };
    let page = ActPage {
        frame,
        access_id: subject.transaction.access_id.to_string(),
        order: subject.transaction.order_id.to_string(),
        act: subject.act.word(),
        label: subject.act.label(&subject.transaction, asked.language),
        consequences,
        limit: words::yen(subject.limit.total().get(), asked.language),
        amount,
        tax,
        version: subject.transaction.version,
    };
    asked.page_with(status, &page)
}

/// Exactly what will happen, sentence by sentence.
fn consequences(console: &App, subject: &Subject, money: Money, language: Language) -> Vec<String> {
    let yen = |amount: i64| words::yen(amount, language);
    let (asked, now) = (money.total().get(), subject.limit.total().get());
    let mut said = match (subject.act, &subject.transaction.state) {
        (Act::Sales, _) => {
            let mut said = sale(asked, now, language);
            said.extend(lapsed(console, &subject.transaction, language));
            said
        }
        (Act::Cancel, Standing::Auth(_)) => vec![match language {
            Language::Japanese => {
                format!("仮売上 {} の全額をAmazonで取り消します。購入者には請求されません。元に戻せません。", yen(now))
            }
            Language::English => format!(
                "Amazon lets the whole authorisation of {} go. The buyer is not charged. This cannot be undone.",
                yen(now)
            ),
        }],
        (Act::Cancel, _) => vec![match language {
            Language::Japanese => format!(
                "購入者に {} を返金します。返金後に残る売上は {} です。元に戻せません。",
                yen(asked),
                yen(now - asked)
            ),
            Language::English => format!(
                "{} is refunded to the buyer; {} of the sale is left. This cannot be undone.",
                yen(asked),
                yen(now - asked)
            ),
        }],
        (Act::Change, _) if asked == now => vec![
            language
                .pick(
                    "内訳だけを変更します。Amazonでの金額は変わりません。",
                    "Only the split changes; at Amazon nothing does.",
                )
                .to_owned(),
        ],
        (Act::Change, Standing::Auth(_)) => replacement(asked, now, language),
        (Act::Change, _) => vec![match language {
            Language::Japanese => format!(
                "売上を {} から {} に減らし、差額 {} を購入者に返金します。元に戻せません。",
                yen(now),
                yen(asked),
                yen(now - asked)
            ),
            Language::English => format!(
                "The sale goes down from {} to {}; {} is refunded to the buyer. This cannot be undone.",
                yen(now),
                yen(asked),
                yen(now - asked)
            ),
        }],
    };
    let event = match subject.act {
        Act::Sales => NotifyEvent::Sales,
        Act::Cancel if matches!(subject.transaction.state, Standing::Auth(_)) => NotifyEvent::Cancel,
        Act::Cancel => NotifyEvent::ReqReturn,
        Act::Change => NotifyEvent::Change,
    };
    let shop = console.gateway().shops().get(&subject.transaction.shop_id);
    if shop.is_some_and(|shop| shop.settings.is_notified_of(event)) {
        said.push(
            language
                .pick("店舗のサーバーに結果通知を送ります。", "The shop’s server is sent a result notification.")
                .to_owned(),
        );
    }
    said
}

fn sale(asked: i64, now: i64, language: Language) -> Vec<String> {
    let yen = |amount: i64| words::yen(amount, language);
    let mut said = vec![match language {
        Language::Japanese => format!("Amazonで {} を売上確定し、購入者に請求します。", yen(asked)),
        Language::English => format!("Amazon captures {}; the buyer is charged.", yen(asked)),
    }];
    if asked < now {
        said.push(match language {
            Language::Japanese => format!("仮売上の残り {} は解放され、以後請求できません。", yen(now - asked)),
            Language::English => format!(
                "The remaining {} of the authorisation is let go and cannot be charged any more.",
                yen(now - asked)
            ),
        });
    }
    said
}

/// What is done about an authorisation that is older than Amazon keeps one.
fn lapsed(console: &App, transaction: &Transaction, language: Language) -> Option<String> {
    let shop = console.gateway().shops().get(&transaction.shop_id)?;
    if !console.gateway().is_expired(transaction) {
        return None;
    }
    let said = if shop.settings.renew_expired_authorization {
        language.pick(
            "この仮売上は30日を過ぎています。Amazonで失効していれば、購入者の同意に基づいて新しい請求（チャージ）を作成し、その場で売上確定します。",
            "This authorisation is more than 30 days old. If Amazon let it lapse, a new charge is made on the buyer’s consent and captured at once.",
        )
    } else {
        language.pick(
            "この仮売上は30日を過ぎて失効しているため、店舗の設定により行われません。",
            "This authorisation is more than 30 days old and has lapsed; by the shop’s settings it is not captured.",
        )
    };
    Some(said.to_owned())
}

fn replacement(asked: i64, now: i64, language: Language) -> Vec<String> {
    let (new, old) = (words::yen(asked, language), words::yen(now, language));
    let mut said = vec![match language {
        Language::Japanese => format!("Amazonで新しい仮売上 {new} を取り、成功したら今の仮売上 {old} を解放します。"),
        Language::English => format!("Amazon authorises {new} anew and, once that stands, lets the present {old} go."),
    }];
    if asked < now {
        let kept = language.pick(
            "購入者の同意に二つ目の仮売上の余地がない場合は、今の仮売上の範囲内で金額だけを減らします。",
            "Where the buyer permitted no second charge, the present authorisation stays and holds the smaller amount.",
        );
        said.push(kept.to_owned());
    }
    said
}

async fn not_possible(console: &App, staff: &Staff, asked: &Asked, access_id: &str) -> Result<Response, Failure> {
    let text = asked.t(
        "この取引の今の状態ではできません。何も変更されていません。今できる操作は「金額」の下のボタンです。ボタンがない場合は、下の経緯で何が起きたかを確かめてください。",
        "The transaction’s present state does not allow this. Nothing was changed. What can be done now is offered below its amounts; where nothing is, its timeline tells why.",
    );
    one::page(console, staff, asked, access_id, Some((false, text.to_owned())), StatusCode::CONFLICT).await
}

pub(super) async fn perform(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path((access_id, act)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let Ok(subject) = subject(&console, &staff, &access_id, &act).await? else {
        return not_possible(&console, &staff, &asked, &access_id).await;
    };
    let money = match typed(&subject, &asked) {
        Ok(money) => money,
        Err(fault) => return form(&console, &staff, &asked, &subject, Err(fault)),
    };
    let version = asked.field("version").parse().unwrap_or_default();
    let is_refund = subject.act == Act::Cancel && !matches!(subject.transaction.state, Standing::Auth(_));
    let word = if is_refund { "refund" } else { subject.act.word() };
    match done(&console, &staff, subject, version, money).await {
        Ok(()) => Ok(asked.to(&format!("/console/transactions/{access_id}?done={word}"))),
        Err(undone) => {
            let text = why(&undone, &asked);
            one::page(&console, &staff, &asked, &access_id, Some((false, text)), StatusCode::CONFLICT).await
        }
    }
}
