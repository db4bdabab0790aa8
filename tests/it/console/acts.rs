//! Acting: what a person does about a payment is what the shop's call would do, once, and with a line in the audit log.

use futures_util::future::join_all;
use sekisho::domain::{Role, Status};
use serde_json::json;

use crate::support::acts::{Named, pay};
use crate::support::clerk::{Clerk, Page};
use crate::support::{DAY, Stage, moved};

struct Desk {
    stage: Stage,
    clerk: Clerk,
}

impl Desk {
    async fn new() -> Self {
        Self::on(Stage::new().await).await
    }

    async fn on(stage: Stage) -> Self {
        let clerk = stage.clerk("hanako", None, Role::Administer).await;
        clerk.get("/console/me?lang=en").await.ok();
        Self { stage, clerk }
    }

    fn path(named: &Named, act: &str) -> String {
        format!("/console/transactions/{}/{act}", named.access_id)
    }

    /// The page that says what will happen, with its form's fields.
    async fn confirmation(&self, named: &Named, act: &str, [amount, tax]: [&str; 2]) -> (Page, Vec<(String, String)>) {
        let page = self.clerk.get(&format!("{}?amount={amount}&tax={tax}", Self::path(named, act))).await.ok();
        let fields = ["csrf", "amount", "tax", "version"];
        let fields = fields.map(|name| (name.to_owned(), page.field(name).unwrap_or_else(|| panic!("{}", page.html))));
        (page, fields.into())
    }

    async fn press(&self, named: &Named, act: &str, form: &[(String, String)]) -> Page {
        let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.clerk.post_bare(&Self::path(named, act), &fields).await
    }

    async fn status(&self, named: &Named) -> Status {
        self.stage.transaction(&named.access_id).await.status()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_is_captured_once_and_the_audit_log_knows_who_did_it() {
    let desk = Desk::new().await;
    let (named, _) = pay(&desk.stage, "ORDER-1", "AUTH").await;
    let page = desk.clerk.get(&format!("/console/transactions/{}", named.access_id)).await.ok();
    assert!(["act-sales", "act-cancel", "act-change"].iter().all(|id| page.html.contains(id)), "{}", page.html);
    let form = desk.clerk.get(&Desk::path(&named, "sales")).await.ok();
    assert_eq!((form.field("amount"), form.field("tax")), (None, None), "nothing is to be confirmed yet");
    assert!(form.html.contains("value=\"1980\"") && form.html.contains("value=\"198\""));

    let (page, form) = desk.confirmation(&named, "sales", ["1,500", "150"]).await;
    for sentence in [
        "Amazon captures ¥1,650; the buyer is charged.",
        "The remaining ¥528 of the authorisation is let go",
        "result notification",
    ] {
        assert!(page.html.contains(sentence), "{sentence}: {}", page.html);
    }
    assert_eq!(desk.status(&named).await, Status::Auth, "reading does nothing");

    let done = desk.press(&named, "sales", &form).await;
    assert_eq!(done.location, Some(format!("/console/transactions/{}?done=sales", named.access_id)), "{}", done.html);
    assert_eq!(desk.status(&named).await, Status::Sales);
    let again = desk.press(&named, "sales", &form).await;
    assert_eq!(again.status, 409, "{}", again.html);
    assert_eq!(desk.stage.moved("captured").await, [1650]);
    assert!(desk.stage.receiver.wait_for(2).await.iter().any(|one| one.field("Status") == "SALES"));

    let audit = desk.clerk.get("/console/audit").await.ok();
    let line = audit
        .html
        .split("<tr>")
        .find(|line| line.contains("<td>Outcome of a capture (Sales)</td>"))
        .expect("a line in the log");
    assert!(line.contains("hanako") && line.contains(&named.access_id) && line.contains("tshop00000001"), "{line}");
    assert!(line.contains("AUTH → SALES") && line.contains("2178") | line.contains("1980 → 1500"), "{line}");
    assert_eq!(
        audit.html.matches("<td>Outcome of a capture (Sales)</td>").count(),
        1,
        "what was not done leaves no line"
    );
    assert!(line.contains("outcome</code>: – → done"), "{line}");
    let asked = audit
        .html
        .split("<tr>")
        .find(|line| line.contains("<td>Asked to capture (Sales)</td>"))
        .expect("and one before it");
    assert!(asked.contains("hanako") && asked.contains("1500"), "{asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pressed_eight_times_at_once_it_is_done_once() {
    let desk = Desk::new().await;
    let (named, _) = pay(&desk.stage, "ORDER-1", "CAPTURE").await;
    let (page, form) = desk.confirmation(&named, "cancel", ["500", "50"]).await;
    assert!(page.html.contains("¥550 is refunded to the buyer; ¥1,628 of the sale is left."), "{}", page.html);
    let pages = join_all((0..8).map(|_| desk.press(&named, "cancel", &form))).await;
    let done = pages.iter().filter(|page| page.status == 303).count();
    assert_eq!(done, 1, "{:?}", pages.iter().map(|page| page.status).collect::<Vec<_>>());
    assert!(pages.iter().all(|page| [303, 409].contains(&page.status)));
    assert_eq!(desk.status(&named).await, Status::ReqReturn);
    desk.stage.half_a_minute_later().await;
    assert_eq!(desk.status(&named).await, Status::Capture);
    assert_eq!(desk.press(&named, "cancel", &form).await.status, 409, "the page is out of date");
    assert_eq!(desk.stage.amazon_saw("createRefund").await.len(), 1);
    assert_eq!(desk.stage.amounts("ORDER-1").await, ["1480", "148", "500", "50"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authorisation_is_changed_and_then_let_go_as_a_whole() {
    let desk = Desk::new().await;
    let (named, _) = pay(&desk.stage, "ORDER-1", "AUTH").await;
    let (page, form) = desk.confirmation(&named, "change", ["1000", "100"]).await;
    assert!(page.html.contains("Amazon authorises ¥1,100 anew"), "{}", page.html);
    assert_eq!(desk.press(&named, "change", &form).await.status, 303);
    let page = desk.clerk.get(&Desk::path(&named, "cancel")).await.ok();
    assert!(page.html.contains("the whole authorisation of ¥1,100"), "{}", page.html);
    let form = ["csrf", "amount", "tax", "version"].map(|name| (name.to_owned(), page.field(name).unwrap()));
    assert_eq!(desk.press(&named, "cancel", &form).await.status, 303);
    assert_eq!(desk.status(&named).await, Status::Cancel);
    let page = desk.clerk.get(&format!("/console/transactions/{}", named.access_id)).await.ok();
    assert!(!page.html.contains("id=\"acts\""), "nothing is left to do");
    for act in ["sales", "cancel", "change"] {
        assert_eq!(desk.clerk.get(&Desk::path(&named, act)).await.status, 409, "{act}");
    }
    assert_eq!(desk.clerk.get(&Desk::path(&named, "destroy")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amounts_that_cannot_be_are_said_before_anything_happens() {
    let desk = Desk::new().await;
    let (named, _) = pay(&desk.stage, "ORDER-1", "CAPTURE").await;
    for (act, amount, tax) in [
        ("cancel", "0", "0"),
        ("cancel", "2178", "1"),
        ("cancel", "-1", "0"),
        ("cancel", "1.5", "0"),
        ("cancel", "9999999", "1"),
        ("change", "1980", "198"),
        ("change", "2179", "0"),
        ("change", "十", "0"),
    ] {
        let address = format!("{}?amount={amount}&tax={tax}", Desk::path(&named, act));
        let page = desk.clerk.get(&address).await;
        assert_eq!(page.status, 422, "{act} {amount} {tax}: {}", page.html);
        let (_, mut form) = desk.confirmation(&named, "cancel", ["1", "0"]).await;
        form[1].1 = amount.to_owned();
        form[2].1 = tax.to_owned();
        assert_eq!(desk.press(&named, act, &form).await.status, 422, "{act} {amount} {tax}");
    }
    let (_, mut form) = desk.confirmation(&named, "cancel", ["1", "0"]).await;
    for version in ["", "0", "99", "nonsense"] {
        form[3].1 = version.to_owned();
        assert_eq!(desk.press(&named, "cancel", &form).await.status, 409, "version {version}");
    }
    assert_eq!(desk.stage.amazon_saw("createRefund").await.len(), 0);
}

/// Amazon does it and its answer is lost: nobody is told that it failed, nobody can do it again, and the outcome follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_an_unknown_outcome() {
    let desk = Desk::on(
        Stage::with(|plan| {
            plan.settings.amazon_attempt_timeout_ms = 1_500;
            plan.settings.amazon_total_ms = 1_500;
        })
        .await,
    )
    .await;
    let (named, _) = pay(&desk.stage, "ORDER-1", "AUTH").await;
    let (_, form) = desk.confirmation(&named, "sales", ["1980", "198"]).await;
    desk.stage.fault("captureCharge", 100, json!({"lose_answer": true})).await;
    let page = desk.press(&named, "sales", &form).await;
    assert_eq!(page.status, 409);
    assert!(page.html.contains("the outcome is not known yet") && page.html.contains("id=\"busy\""), "{}", page.html);
    assert!(!page.html.contains("id=\"acts\""));
    let audit = desk.clerk.get("/console/audit").await.ok();
    let line = audit
        .html
        .split("<tr>")
        .find(|line| line.contains("<td>Outcome of a capture (Sales)</td>"))
        .expect("a line in the log");
    assert!(line.contains("outcome</code>: – → unknown") && !line.contains("refused"), "{line}");
    assert_eq!(desk.press(&named, "sales", &form).await.status, 409);

    desk.stage.clock.advance(61_000);
    let today = desk.clerk.get("/console/today").await.ok();
    let unknown = today.html.split("id=\"unknown\"").nth(1).expect("it needs a person");
    assert!(unknown.contains(">ORDER-1</a>") && unknown.contains("captureCharge"), "{unknown}");
    desk.stage.mend().await;
    desk.stage.reconcile().await;
    assert_eq!(desk.status(&named).await, Status::Sales);
    assert_eq!(desk.stage.movements().await.iter().filter(|one| **one == moved([("captured", 2178)])[0]).count(), 1);
    let today = desk.clerk.get("/console/today").await.ok();
    assert!(!today.html.contains("id=\"unknown\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_is_seen_with_its_limit_and_closed() {
    let desk = Desk::new().await;
    let empty = desk.clerk.get("/console/consents").await.ok();
    assert!(empty.html.contains("No consents yet."), "{}", empty.html);
    let consented = desk.stage.consented("CONSENT-1").await;
    let list = desk.clerk.get("/console/consents").await.ok();
    assert!(list.html.contains(&consented.permission) && list.html.contains(">CONSENT-1</a>"), "{}", list.html);
    let path = format!("/console/consents/{}", consented.permission);
    let page = desk.clerk.get(&path).await.ok();
    assert!(page.html.contains(">Chargeable</span>") && page.html.contains("Balance"), "{}", page.html);
    let by_id = desk.clerk.get(&format!("/console/consents?permission={}", consented.permission)).await;
    assert_eq!(by_id.location.as_deref(), Some(path.as_str()));

    let close = format!("{path}/close");
    assert!(desk.clerk.get(&close).await.ok().html.contains("This cannot be undone."));
    let done = desk.clerk.post(&close, &close, &[]).await;
    assert_eq!(done.location, Some(format!("{path}?done=close")), "{}", done.html);
    let again = desk.clerk.post(&close, &close, &[]).await;
    assert_eq!(again.status, 409, "{}", again.html);
    let page = desk.clerk.get(&path).await.ok();
    assert!(page.html.contains(">Closed</span>") && !page.html.contains("id=\"close\""), "{}", page.html);
    assert!(desk.clerk.get("/console/audit").await.ok().html.contains("Chargeable → Closed"));
}

/// Nothing was sent, so nothing is open: whoever is told to wait for an outcome would wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_amazon_never_heard_about_may_be_closed_again() {
    let desk = Desk::new().await;
    let consented = desk.stage.consented("CONSENT-1").await;
    let close = format!("/console/consents/{}/close", consented.permission);
    let page = desk.clerk.get(&close).await.ok();
    let unavailable = json!({"status": 503, "reason_code": "ServiceUnavailable"});
    desk.stage.fault("getChargePermission", 100, unavailable).await;
    let refused = desk.clerk.post_bare(&close, &[("csrf", &page.csrf())]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.html.contains("It was not done.") && !refused.html.contains("not known yet"), "{}", refused.html);
    let audit = desk.clerk.get("/console/audit").await.ok();
    let line = audit
        .html
        .split("<tr>")
        .find(|line| line.contains("<td>Outcome of closing a consent</td>"))
        .expect("a line in the log");
    assert!(line.contains("outcome</code>: – → not done"), "{line}");
    assert!(audit.html.contains("<td>Asked to close a consent</td>"));

    desk.stage.mend().await;
    let done = desk.clerk.post(&close, &close, &[]).await;
    assert_eq!(done.status, 303, "{}", done.html);
}

/// Whoever presses must know what is done: an authorisation that has lapsed is not captured, but charged anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lapsed_authorisation_is_said_to_be_charged_anew() {
    for renews in [true, false] {
        let stage = Stage::with(|plan| plan.shops[0].renew_expired_authorization = renews).await;
        let (named, _) = pay(&stage, "ORDER-1", "AUTH").await;
        stage.clock.advance(31 * DAY);
        let desk = Desk::on(stage).await;
        let (page, _) = desk.confirmation(&named, "sales", ["1980", "198"]).await;
        let said = if renews { "a new charge is made" } else { "it is not captured" };
        assert!(page.html.contains(said), "{renews}: {}", page.html);
    }
    let desk = Desk::new().await;
    let (named, _) = pay(&desk.stage, "ORDER-1", "AUTH").await;
    let (page, _) = desk.confirmation(&named, "sales", ["1980", "198"]).await;
    assert!(!page.html.contains("30 days"), "{}", page.html);
}
