//! Doing what a person asked for, and writing down who did: one line in the audit log before the act, without which nothing is
//! done, and one with its outcome. Between them nothing may be given up, so whatever fails after the act only goes to the log.
//!
//! Whether the outcome is known is asked of the book, not read off an error: while an intent is open, nobody knows.

use serde_json::{Value, json};

use super::act::{Act, Subject};
use super::{App, Asked, Staff};
use crate::console::Console;
use crate::domain::{AccessId, Money, Transaction};
use crate::flow::{ByHandError, Refusal, Seen};
use crate::store::AuditEntry;

/// What was not done, as far as anybody knows.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::console) struct Undone {
    /// Why.
    pub(in crate::console) error: ByHandError,
    /// Whether an effect at Amazon has no outcome yet, or nobody can tell: then it may have been done.
    pub(in crate::console) is_open: bool,
}

impl Undone {
    /// Nothing was sent.
    pub(in crate::console) fn before_anything(error: impl Into<ByHandError>) -> Self {
        Self { error: error.into(), is_open: false }
    }

    /// For the audit log.
    pub(in crate::console) fn told(&self) -> Value {
        if self.is_open {
            json!({ "outcome": "unknown" })
        } else {
            json!({ "outcome": "not done", "refused": self.error.to_string() })
        }
    }
}

impl Console {
    /// Whether an effect at Amazon is under way for a transaction. If the book does not answer, one may be.
    pub(in crate::console) async fn has_open_intent(&self, access_id: &AccessId) -> bool {
        let open = self.gateway().store().open_intent(access_id).await;
        open.map_or_else(
            |error| {
                tracing::error!(%error, %access_id, "whether an outcome is known cannot be read");
                true
            },
            |open| open.is_some(),
        )
    }
}

/// Does it, to its end and into the audit log, even if whoever asked goes away. On top of another version than `version`
/// nothing is done.
pub(super) async fn done(
    console: &App,
    staff: &Staff,
    subject: Subject,
    version: i64,
    money: Money,
) -> Result<(), Undone> {
    let access_id = subject.transaction.access_id.clone();
    if subject.transaction.version != version {
        return Err(Undone::before_anything(ByHandError::Changed));
    }
    let deed = Deed { console: console.clone(), staff: staff.clone(), subject, money };
    match console.gateway().detached(deed.perform()).await {
        Ok(done) => done,
        Err(refusal) => Err(Undone { error: refusal.into(), is_open: console.has_open_intent(&access_id).await }),
    }
}

struct Deed {
    console: App,
    staff: Staff,
    subject: Subject,
    money: Money,
}

impl Deed {
    async fn perform(self) -> Result<(), Undone> {
        let before = told(&self.subject.transaction);
        let line = self.line(self.subject.act.name_asked(), None, self.with_amounts(before.clone()));
        self.console.book().append(line).await.map_err(Undone::before_anything)?;

        let access_id = &self.subject.transaction.access_id;
        let done = match self.act().await {
            Ok(()) => Ok(()),
            Err(error) => Err(Undone { error, is_open: self.console.has_open_intent(access_id).await }),
        };

        let (before, mut after) = match self.console.gateway().store().transaction(access_id).await {
            Ok(Some(after)) => (Some(before), told(&after)),
            // How it stands now is in the journal.
            Ok(None) => (None, json!({})),
            Err(error) => {
                tracing::error!(%error, %access_id, "how the transaction stands after an act cannot be read");
                (None, json!({}))
            }
        };
        let outcome = done.as_ref().err().map_or_else(|| json!({ "outcome": "done" }), Undone::told);
        if let (Some(after), Value::Object(outcome)) = (after.as_object_mut(), outcome) {
            after.extend(outcome);
        }
        self.console.note(self.line(self.subject.act.name(), before, self.with_amounts(after))).await;
        done
    }

    async fn act(&self) -> Result<(), ByHandError> {
        let Subject { transaction, act, .. } = &self.subject;
        let seen = Seen { access_id: transaction.access_id.clone(), version: transaction.version };
        let gateway = self.console.gateway();
        // On the heap: use cases are large.
        match act {
            Act::Sales => Box::pin(gateway.sales_by_hand(seen, self.money)).await.map(|_| ()),
            Act::Cancel => Box::pin(gateway.cancel_by_hand(seen, self.money)).await.map(|_| ()),
            Act::Change => Box::pin(gateway.change_by_hand(seen, self.money)).await.map(|_| ()),
        }
    }

    fn with_amounts(&self, mut told: Value) -> Value {
        told["asked"] = json!({"amount": self.money.amount.get(), "tax": self.money.tax.get()});
        told
    }

    fn line(&self, act: &'static str, before: Option<Value>, after: Value) -> AuditEntry {
        AuditEntry {
            at: self.console.now(),
            by: self.staff.by(),
            act,
            shop: Some(self.subject.transaction.shop_id.clone()),
            subject: self.subject.transaction.access_id.to_string(),
            before,
            after: Some(after),
        }
    }
}

/// A transaction, as the audit log has it.
fn told(transaction: &Transaction) -> Value {
    let cancelled = transaction.cancelled();
    json!({
        "order": transaction.order_id.as_str(), "status": transaction.status().wire(), "version": transaction.version,
        "amount": transaction.money.amount.get(), "tax": transaction.money.tax.get(),
        "cancelled": cancelled.total().get(),
    })
}

/// Why it was not done, or why nobody knows, and what to do next.
pub(in crate::console) fn why(undone: &Undone, asked: &Asked) -> String {
    match &undone.error {
        ByHandError::Changed => asked.t(
            "表示後に取引が変わったため、何も行いませんでした。下の内容を確かめてください。同じ操作が二度送信された場合、最初の一度だけが行われています。",
            "The transaction has changed since it was shown, so nothing was done. Please look at it below; of a form that was sent twice, the first one was done.",
        ).to_owned(),
        ByHandError::ShopMissing => asked.t(
            "この店舗はshops.tomlにありません。何も変更されていません。店舗の設定を戻して再読み込みしてから、もう一度行ってください。",
            "The shop is not in shops.toml. Nothing was changed. Please put its settings back, have them read again, and try anew.",
        ).to_owned(),
        // Whoever else is at work may have done this very thing: reconcile, or the same form once more.
        ByHandError::Refused(Refusal::Busy) => asked.t(
            "この取引には別の処理が進行中か、今終わったところです。少し待って表示し直し、状態を確かめてから操作してください。",
            "Something else is being done to this transaction, or has just been. Please look again in a moment, and see how it stands before you do anything.",
        ).to_owned(),
        ByHandError::Refused(_) if undone.is_open => asked.t(
            "Amazonの応答が得られず、結果はまだ不明です。もう一度行わないでください。関所が自動で確認します。",
            "Amazon’s answer was lost and the outcome is not known yet. Do not do it again; Sekisho finds out by itself.",
        ).to_owned(),
        ByHandError::Refused(Refusal::Internal(_)) => asked.t(
            "内部エラーが発生しました。もう一度行う前に、下の内容で行われたかどうかを確かめてください。ログに詳細があります。",
            "Something inside went wrong; the log tells what. Please see below whether it was done before you do it again.",
        ).to_owned(),
        ByHandError::Refused(refusal) => {
            let told: Vec<_> = refusal.codes().iter().map(|code| format!("{code} {}", code.text(asked.language))).collect();
            format!("{} {}", asked.t("行われませんでした。", "It was not done."), told.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;
    use crate::protocol::codes;
    use crate::store::StoreError;

    /// While an intent is open nobody is told that it was not done, whatever went wrong.
    #[test]
    fn an_open_intent_is_an_unknown_outcome_whatever_the_error() {
        let asked = Asked::read("/console", Some("lang=en"), &HeaderMap::new(), b"");
        for refusal in [
            Refusal::Provider(codes::AMAZON_UNREACHABLE),
            Refusal::Provider(codes::AMAZON_OTHER),
            Refusal::Store(StoreError("gone".to_owned())),
            Refusal::Internal("no end"),
        ] {
            let mut undone = Undone { error: refusal.into(), is_open: true };
            assert!(why(&undone, &asked).contains("the outcome is not known yet"), "{undone:?}");
            assert_eq!(undone.told(), json!({ "outcome": "unknown" }));
            undone.is_open = false;
            assert!(!why(&undone, &asked).contains("not known yet"), "{undone:?}");
            assert_eq!(undone.told()["outcome"], "not done");
        }
        let busy = Undone::before_anything(Refusal::Busy);
        assert!(!why(&busy, &asked).contains("Nothing was done"), "somebody may have done this very thing");
    }
}
