//! Amazon wants a second factor for a permission that was approved in its window: the redirect shape, and in the end what
//! Amazon says of the charge, whoever asks it when.

use axum::http::Method;

use super::bank::{Bank, Fault};
use super::{Entry, PAY_ONLY, permit};
use crate::support::{MINUTE, Stage, result_form};

const FIRST_LOOK_MS: i64 = 30_000;

/// An order on a fresh permission.
async fn entered(stage: &Stage, job: &str) -> (Entry, String) {
    let permission = permit(stage, stage.shop(), 2178, "OneTime", "card-1111").await;
    (Entry::cpsp(stage.shop(), "order-1", job).await, permission)
}

fn on(permission: &str) -> Vec<(&str, &str)> {
    [[("AmazonChargePermissionID", permission); 1].as_slice(), &PAY_ONLY].concat()
}

/// The same, executed, and the buyer has set out; answers the bank's page.
async fn at_the_bank(stage: &Stage, job: &str) -> (Entry, String) {
    let (entry, permission) = entered(stage, job).await;
    let page = entry.start(stage, stage.shop(), &on(&permission)).await;
    assert_eq!(page.status, 302);
    (entry, page.location.unwrap())
}

/// The buyer answers the bank; says where the browser goes.
async fn factor(stage: &Stage, page: &str, answer: &str) -> String {
    stage.browser.get(&format!("{page}?factor={answer}")).await.location.unwrap()
}

#[tokio::test]
async fn the_buyer_proves_it_and_the_charge_stands() {
    for job in ["AUTH", "CAPTURE"] {
        let (stage, bank) = Bank::stage().await;
        let (entry, permission) = entered(&stage, job).await;
        let answer = entry.exec(stage.shop(), &on(&permission)).await;
        let names: Vec<_> = answer.text().trim_end().split('&').map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!(names, ["AccessID", "Token", "StartURL", "StartLimitDate"]);
        assert_eq!(stage.shop().status("order-1").await, "REQSUCCESS");
        let page = stage.browser.start(&answer.field("StartURL"), &entry.id, &answer.field("Token")).await;
        assert_eq!(page.status, 302);
        let home = factor(&stage, &page.location.unwrap(), "right").await;
        assert_eq!(home, format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id));
        let form = stage.browser.come_back(&home).await;
        assert_eq!((form.outcome(), form.ret_url.as_str()), ((job, ""), "https://shop.example/result?cart=1"));
        assert_eq!(form.field("AmazonChargePermissionID"), permission);
        assert_eq!(stage.browser.come_back(&home).await, form);
        assert_eq!(bank.counts(), (1, 0));
        stage.receiver.wait_for(1).await;
        assert_eq!(stage.receiver.statuses(), [job]);
    }
}

#[tokio::test]
async fn the_buyer_cannot_prove_it() {
    let (stage, _) = Bank::stage().await;
    let (_, page) = at_the_bank(&stage, "AUTH").await;
    let home = factor(&stage, &page, "wrong").await;
    let form = stage.browser.come_back(&home).await;
    assert_eq!(form.outcome(), ("PAYFAIL", "AZ1000011"));
    assert_eq!(form.field("AmazonChargePermissionID"), "");
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.received()[0].field("ErrInfo"), "AZ1000011");
}

#[tokio::test]
async fn amazons_word_on_the_charge_in_the_shops_codes() {
    for (job, state, reason, outcome) in [
        ("AUTH", "Declined", Some("SoftDeclined"), ("PAYFAIL", "AZ1000003")),
        ("AUTH", "Declined", Some("AmazonRejected"), ("PAYFAIL", "AZ1000002")),
        ("AUTH", "Canceled", Some("BuyerCanceled"), ("PAYFAIL", "AZ1000001")),
        ("AUTH", "Canceled", None, ("PAYFAIL", "AZ1000011")),
        ("AUTH", "CaptureInitiated", None, ("AUTH", "")),
        ("CAPTURE", "CaptureInitiated", None, ("AUTHPROCESS", "")),
        ("CAPTURE", "Authorized", None, ("AUTHPROCESS", "")),
        ("AUTH", "SomethingNew", None, ("AUTHPROCESS", "")),
    ] {
        let (stage, bank) = Bank::stage().await;
        let (entry, _) = at_the_bank(&stage, job).await;
        bank.decides(state, reason);
        let home = format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id);
        assert_eq!(stage.browser.come_back(&home).await.outcome(), outcome, "{job} {state}");
    }
}

#[tokio::test]
async fn still_pending_when_the_buyer_comes_back_and_decided_later() {
    let (stage, bank) = Bank::stage().await;
    let (entry, page) = at_the_bank(&stage, "AUTH").await;
    let home = format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id);
    for _ in 0..3 {
        assert_eq!(stage.browser.come_back(&home).await.outcome(), ("AUTHPROCESS", ""));
    }
    assert_eq!(stage.transaction(&entry.id).await.version, 4, "entered, requested, started, and once pending");
    // However often Amazon is asked: the buyer has as long as the shop's limit.
    for wait in [31_000, 10 * MINUTE] {
        stage.clock.advance(wait);
        stage.reconcile().await;
        assert_eq!((stage.shop().status("order-1").await.as_str(), bank.counts()), ("AUTHPROCESS", (1, 0)));
    }
    factor(&stage, &page, "right").await;
    stage.clock.advance(30 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    assert_eq!(stage.browser.come_back(&home).await.outcome(), ("AUTH", ""));
    stage.receiver.wait_for(1).await;
}

#[tokio::test]
async fn many_browsers_at_once_bring_one_end() {
    let (stage, _) = Bank::stage().await;
    let (_, page) = at_the_bank(&stage, "CAPTURE").await;
    let home = factor(&stage, &page, "right").await;
    let forms = futures_util::future::join_all((0..10).map(|_| stage.browser.come_back(&home))).await;
    assert!(forms.iter().all(|form| form == &forms[0] && form.outcome() == ("CAPTURE", "")), "{forms:?}");
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["CAPTURE"]);
}

#[tokio::test]
async fn a_buyer_who_never_sets_out_leaves_no_charge_behind() {
    let (stage, bank) = Bank::stage().await;
    let (entry, permission) = entered(&stage, "AUTH").await;
    let ticket = entry.exec(stage.shop(), &on(&permission)).await;
    stage.clock.advance(2 * MINUTE + 1);
    let page = stage.browser.start(&ticket.field("StartURL"), &entry.id, &ticket.field("Token")).await;
    assert_eq!(result_form(&page).outcome(), ("EXPIRED", "M01052011"));
    assert_eq!((bank.state().as_str(), bank.counts()), ("Canceled", (1, 1)));

    let (stage, bank) = Bank::stage().await;
    let (entry, permission) = entered(&stage, "AUTH").await;
    entry.exec(stage.shop(), &on(&permission)).await;
    stage.clock.advance(2 * MINUTE + 1);
    stage.reconcile().await;
    assert_eq!((stage.shop().status("order-1").await.as_str(), bank.state().as_str()), ("EXPIRED", "Canceled"));
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["EXPIRED"]);
}

#[tokio::test]
async fn a_buyer_who_never_comes_back_leaves_no_charge_behind() {
    let (stage, bank) = Bank::stage().await;
    let (entry, page) = at_the_bank(&stage, "CAPTURE").await;
    stage.clock.advance(59 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    stage.clock.advance(2 * MINUTE);
    stage.reconcile().await;
    assert_eq!((stage.shop().status("order-1").await.as_str(), bank.state().as_str()), ("EXPIRED", "Canceled"));
    // Too late: the charge is gone, whatever the buyer says now.
    let home = factor(&stage, &page, "right").await;
    assert_eq!(stage.browser.come_back(&home).await.outcome(), ("EXPIRED", "M01052011"));
    assert!(!stage.has_open_intent(&entry.id).await);
}

#[tokio::test]
async fn a_charge_that_became_money_is_never_expired() {
    for (state, away, outcome) in [
        ("Captured", true, "CAPTURE"),
        ("Captured", false, "CAPTURE"),
        ("Declined", true, "PAYFAIL"),
        ("Declined", false, "PAYFAIL"),
        ("CaptureInitiated", true, "AUTHPROCESS"),
        ("CaptureInitiated", false, "REQSUCCESS"),
    ] {
        let (stage, bank) = Bank::stage().await;
        if away {
            at_the_bank(&stage, "CAPTURE").await;
        } else {
            let (entry, permission) = entered(&stage, "CAPTURE").await;
            entry.exec(stage.shop(), &on(&permission)).await;
        }
        bank.decides(state, Some("HardDeclined"));
        stage.clock.advance(61 * MINUTE);
        stage.reconcile().await;
        assert_eq!(stage.shop().status("order-1").await, outcome, "{state}, away: {away}");
        assert_eq!(bank.counts(), (1, 0), "nothing to cancel");
    }
}

#[tokio::test]
async fn while_amazon_is_silent_nothing_expires() {
    let (stage, bank) = Bank::stage().await;
    let (entry, permission) = entered(&stage, "AUTH").await;
    let ticket = entry.exec(stage.shop(), &on(&permission)).await;
    stage.clock.advance(2 * MINUTE + 1);
    bank.goes_wrong(Some((Method::GET, Fault::Status(500))));
    let page = stage.browser.start(&ticket.field("StartURL"), &entry.id, &ticket.field("Token")).await;
    assert_eq!(page.status, 500);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "REQSUCCESS");
    bank.goes_wrong(None);
    let page = stage.browser.start(&ticket.field("StartURL"), &entry.id, &ticket.field("Token")).await;
    assert_eq!(result_form(&page).outcome(), ("EXPIRED", "M01052011"));
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_found_out() {
    for fault in [Fault::Lost, Fault::Half] {
        let (stage, bank) = Bank::stage().await;
        let (entry, permission) = entered(&stage, "AUTH").await;
        entry.exec(stage.shop(), &on(&permission)).await;
        stage.clock.advance(2 * MINUTE + 1);
        bank.goes_wrong(Some((Method::DELETE, fault)));
        stage.reconcile().await;
        // Repeated attempts are refused ("not in this status"), and then the charge itself is asked.
        let status = stage.shop().status("order-1").await;
        if status != "EXPIRED" {
            assert_eq!(status, "REQSUCCESS", "{fault:?}");
            assert!(stage.has_open_intent(&entry.id).await);
            bank.goes_wrong(None);
            stage.clock.advance(2 * FIRST_LOOK_MS);
            stage.reconcile().await;
            assert_eq!(stage.shop().status("order-1").await, "EXPIRED", "{fault:?}");
        }
        assert_eq!(bank.state(), "Canceled");
        stage.receiver.wait_for(1).await;
        assert_eq!(stage.receiver.statuses(), ["EXPIRED"]);
    }
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_has_no_buyer_and_is_let_go() {
    for fault in [Fault::Lost, Fault::Half, Fault::Status(500)] {
        let (stage, bank) = Bank::stage().await;
        let (entry, permission) = entered(&stage, "CAPTURE").await;
        bank.goes_wrong(Some((Method::POST, fault)));
        assert_eq!(entry.exec(stage.shop(), &on(&permission)).await.errors(), "AZ1000999", "{fault:?}");
        assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");
        bank.goes_wrong(None);
        stage.clock.advance(FIRST_LOOK_MS);
        assert_eq!(stage.reconcile().await.closed, 1);
        stage.clock.advance(1);
        stage.reconcile().await;
        assert_eq!(stage.shop().status("order-1").await, "EXPIRED", "{fault:?}");
        assert_eq!((bank.state().as_str(), bank.counts().0), ("Canceled", 1));
        assert_eq!(entry.exec(stage.shop(), &on(&permission)).await.errors(), "M01004014");
    }
}

#[tokio::test]
async fn a_charge_of_another_amount_is_left_to_people() {
    let (stage, bank) = Bank::stage().await;
    bank.adds(1);
    let (entry, permission) = entered(&stage, "AUTH").await;
    assert_eq!(entry.exec(stage.shop(), &on(&permission)).await.errors(), "AZ1000999");
    assert!(stage.has_open_intent(&entry.id).await);
    assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");
}

/// A bank that refuses until the buyer has given the factor, a transaction whose buyer has set out, and where to.
async fn refused(job: &str) -> (Stage, Bank, Entry, String) {
    let (stage, bank) = Bank::stage().await;
    bank.refuses();
    let (entry, permission) = entered(&stage, job).await;
    let page = entry.start(&stage, stage.shop(), &on(&permission)).await;
    assert_eq!(page.status, 302);
    // What the shop named as RetURL is Amazon's window, which leads to the bank as long as the bank asks.
    assert_eq!(page.location.as_deref(), Some("https://shop.example/result?cart=1"));
    (stage, bank, entry, permission)
}

#[tokio::test]
async fn refused_for_want_of_the_factor_and_charged_once_it_is_given() {
    for job in ["AUTH", "CAPTURE"] {
        let (stage, bank, entry, permission) = refused(job).await;
        assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
        let home = bank.hears(true);
        assert_eq!(home, format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id));
        let form = stage.browser.come_back(&home).await;
        assert_eq!((form.outcome(), form.ret_url.as_str()), ((job, ""), "https://shop.example/result?cart=1"));
        assert_eq!(form.field("AmazonChargePermissionID"), permission);
        assert_eq!(stage.browser.come_back(&home).await, form);
        assert_eq!(stage.moved("authorized").await, [2178]);
        assert_eq!(stage.amazon_saw("createCharge").await.len(), 1);
        stage.receiver.wait_for(1).await;
        assert_eq!(stage.receiver.statuses(), [job]);
    }
}

#[tokio::test]
async fn coming_back_without_the_factor_charges_nothing() {
    let (stage, bank, entry, _) = refused("CAPTURE").await;
    let home = format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id);
    for _ in 0..2 {
        assert_eq!(stage.browser.come_back(&home).await.outcome(), ("AUTHPROCESS", ""));
    }
    assert_eq!(stage.moved("captured").await, [] as [i64; 0]);
    bank.hears(true);
    let forms = futures_util::future::join_all((0..10).map(|_| stage.browser.come_back(&home))).await;
    assert!(forms.iter().all(|form| form == &forms[0] && form.outcome() == ("CAPTURE", "")), "{forms:?}");
    assert_eq!(stage.moved("captured").await, [2178]);
}

#[tokio::test]
async fn a_factor_that_was_not_given_ends_the_payment() {
    let (stage, bank, _, permission) = refused("AUTH").await;
    let url = format!("{}/_control/chargePermissions/{permission}", stage.browser.sandbox_url);
    let befall = stage.http.post(url).body("{\"reason\":\"MFAFailed\"}").send().await.unwrap();
    assert_eq!(befall.status().as_u16(), 200);
    let form = stage.browser.come_back(&bank.hears(false)).await;
    assert_eq!(form.outcome(), ("PAYFAIL", "AZ1000011"));
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["PAYFAIL"]);
}

#[tokio::test]
async fn refused_and_never_heard_of_again() {
    let (stage, bank, ..) = refused("AUTH").await;
    stage.clock.advance(61 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "EXPIRED");
    let form = stage.browser.come_back(&bank.hears(true)).await;
    assert_eq!(form.outcome(), ("EXPIRED", "M01052011"), "too late, and nothing is charged");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
}

#[tokio::test]
async fn charged_after_the_factor_and_the_answer_is_lost() {
    let (stage, bank, entry, _) = refused("CAPTURE").await;
    stage.fault("createCharge", 100, serde_json::json!({"lose_answer": true})).await;
    let home = bank.hears(true);
    assert_eq!(stage.browser.come_back(&home).await.outcome(), ("AUTHPROCESS", ""));
    assert!(stage.has_open_intent(&entry.id).await);
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(stage.browser.come_back(&home).await.outcome(), ("CAPTURE", ""));
    assert_eq!(stage.moved("captured").await, [2178]);
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["CAPTURE"]);
}
