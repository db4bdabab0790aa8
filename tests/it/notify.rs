//! Result notifications: what a shop is told, and what becomes of it when the shop's server does not play along.

mod crash;
mod faults;
mod noisy;
mod post;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use sekisho::config::NotifyEvent;
use sekisho::domain::notification::{NoAnswer, RETRY_AFTER_MS_MAX};
use sekisho::domain::{Millis, ShopId};
use sekisho::store::{NotificationRecord, Share};
use sha2::Sha256;

pub(crate) use crash::write_settings;
pub(crate) use post::{number, owing, shop_id};

use crate::support::{MINUTE, Order, Received, Reply, Stage, eventually};

/// The attempt is recorded, which is a moment after the receiver has it.
async fn recorded(stage: &Stage, access_id: &str, attempts: i64) -> NotificationRecord {
    eventually(&format!("{attempts} attempts"), async || {
        stage.notifications(access_id).await.into_iter().find(|one| one.attempts == attempts)
    })
    .await
}

/// Checks the headers of Standard Webhooks against their definition.
fn check_signature(received: &Received, at: Millis) {
    let (id, seconds) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    assert_eq!(seconds, (at.0 / 1000).to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sekisho-demo-shop-one-notify-key").unwrap();
    mac.update(format!("{id}.{seconds}.{}", received.body).as_bytes());
    let expected = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    assert_eq!(received.header("webhook-signature"), expected);
}

#[tokio::test]
async fn the_body_byte_for_byte() {
    let stage = Stage::new().await;
    let (entered, form) = stage.paid(Order::auth("order-1")).await;
    let received = &stage.receiver.wait_for(1).await[0];
    let stars = "*".repeat(32);
    let expected = format!(
        "ShopID=tshop00000001&ShopPass=**********&AccessID={}&AccessPass={stars}&OrderID=order-1&Status=AUTH&JobCd=AUTH\
         &Amount=1980&Tax=198&Currency=JPN&TranDate=20261123031000&ErrCode=&ErrInfo=&PayType=38\
         &AmazonChargePermissionID={}&AmazonPayCancelAmount=0&AmazonPayCancelTax=0",
        entered.access_id,
        form.field("AmazonChargePermissionID"),
    );
    assert_eq!((received.path.as_str(), received.body.as_str()), ("/tshop00000001", expected.as_str()));
    assert_eq!(received.header("content-type"), "application/x-www-form-urlencoded;charset=windows-31j");
    check_signature(received, stage.now());
}

#[tokio::test]
async fn the_shop_hears_before_its_buyer_is_back() {
    let stage = Stage::with(|plan| plan.settings.notify_wait_ms = 10_000).await;
    let (_, form) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(form.outcome(), ("AUTH", ""));
    assert_eq!(stage.receiver.statuses(), ["AUTH"], "at the moment at which the page is there");
}

/// Whatever goes wrong: about an hour each, five times, the same id and body, then no more.
async fn given_up_after_six_attempts(stage: &Stage, order: &'static str, heard: bool) {
    let (entered, form) = stage.paid(Order::auth(order)).await;
    assert_eq!(form.outcome(), ("AUTH", ""));
    let mut attempts = Vec::new();
    for number in 1..=5 {
        let before = stage.now();
        let record = recorded(stage, &entered.access_id, number).await;
        attempts.push(before);
        assert_eq!(record.state, "PENDING");
        let wait = record.next_at.unwrap().since(before);
        assert!((60 * MINUTE..=66 * MINUTE).contains(&wait), "{wait}");
        // Nobody gets it a moment earlier.
        let early = Millis(record.next_at.unwrap().0 - 1);
        let all = vec![Share { shop_id: ShopId::new("tshop00000001").unwrap(), take_max: 10, under_way_max: 10 }];
        assert_eq!(stage.gateway.store().claim_notifications(early, 1, all).await, Ok(Vec::new()));
        stage.clock.advance(wait);
    }
    attempts.push(stage.now());
    let record = recorded(stage, &entered.access_id, 6).await;
    assert_eq!((record.state.as_str(), record.next_at), ("GIVEN_UP", None));
    assert_eq!(stage.gateway.store().next_notification_at().await, Ok(None));

    let received = stage.receiver.received();
    assert_eq!(received.len(), if heard { 6 } else { 0 });
    for (one, at) in received.iter().zip(attempts) {
        assert_eq!((&one.body, one.header("webhook-id")), (&record.body, record.id.as_str()));
        check_signature(one, at);
    }
}

#[tokio::test]
async fn a_shop_that_does_not_have_it_is_told_again_five_times() {
    let stage = Stage::new().await;
    let replies =
        [Reply::Says("1"), Reply::Status(500), Reply::Says(""), Reply::Drops, Reply::Status(302), Reply::Says("00")];
    stage.receiver.answers(&replies);
    given_up_after_six_attempts(&stage, "order-1", true).await;
}

#[tokio::test]
async fn a_shop_that_is_down_is_tried_again_five_times() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = Stage::with(|plan| plan.shops[0].notify_url = Some(format!("http://{closed}/"))).await;
    given_up_after_six_attempts(&stage, "order-1", false).await;
}

#[tokio::test]
async fn a_shop_that_hangs_is_not_waited_for() {
    let stage = Stage::with(|plan| {
        plan.settings.notify_wait_ms = 300;
        plan.shops[0].notify_timeout_ms = 60_000;
    })
    .await;
    let (_, back) = stage.agreed(Order::auth("order-1")).await;
    stage.receiver.answers(&[Reply::Hangs]);
    let before = Instant::now();
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    let took = before.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_secs(10)).contains(&took), "{took:?}");
    stage.receiver.wait_for(1).await;

    // The one that hangs does not hold up the others.
    let (_, form) = stage.paid(Order::auth("order-2")).await;
    assert_eq!(form.outcome(), ("AUTH", ""));
    stage.receiver.wait_for(2).await;
}

#[tokio::test]
async fn an_attempt_that_hangs_ends_and_is_made_again() {
    let stage = Stage::with(|plan| {
        plan.settings.notify_wait_ms = 0;
        plan.shops[0].notify_timeout_ms = 2_000;
    })
    .await;
    stage.receiver.answers(&[Reply::Hangs]);
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    recorded(&stage, &entered.access_id, 1).await;
    stage.clock.advance(66 * MINUTE);
    let record = recorded(&stage, &entered.access_id, 2).await;
    assert_eq!((record.state.as_str(), stage.receiver.received().len()), ("DELIVERED", 2));
}

#[tokio::test]
async fn the_shops_own_schedule() {
    let stage = Stage::with(|plan| plan.shops[0].notify_retry_minutes = vec![1]).await;
    stage.receiver.answers(&[Reply::Says("1"), Reply::Says("1")]);
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    recorded(&stage, &entered.access_id, 1).await;
    stage.clock.advance(2 * MINUTE);
    assert_eq!(recorded(&stage, &entered.access_id, 2).await.state, "GIVEN_UP");
}

#[tokio::test]
async fn blanks_around_the_zero_do_not_matter() {
    let stage = Stage::new().await;
    stage.receiver.answers(&[Reply::Says(" 0\r\n")]);
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(recorded(&stage, &entered.access_id, 1).await.state, "DELIVERED");
}

#[tokio::test]
async fn what_a_shop_does_not_want_to_hear_is_not_sent() {
    let stage = Stage::with(|plan| {
        plan.shops[0].notify_events.remove(&NotifyEvent::Auth);
        plan.shops[0].notify_secret = None;
    })
    .await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(stage.notifications(&entered.access_id).await, []);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    let received = stage.receiver.wait_for(1).await;
    assert_eq!(received[0].field("Status"), "SALES");
    assert!(received[0].header("webhook-id").starts_with("msg_"));
    assert!(!received[0].headers.contains_key("webhook-signature"));
}

#[tokio::test]
async fn a_shop_without_an_address_is_not_told() {
    let stage = Stage::with(|plan| plan.shops[0].notify_url = None).await;
    let (entered, form) = stage.paid(Order::capture("order-1")).await;
    assert_eq!(form.outcome(), ("CAPTURE", ""));
    assert_eq!(stage.notifications(&entered.access_id).await, []);
}

#[tokio::test]
async fn nothing_secret_is_told() {
    let stage = Stage::new().await;
    let (entered, page) = stage.at_amazon(Order::auth("order-1")).await;
    stage.browser.come_back(&stage.browser.press(&page, "cancel", &[]).await).await;
    let received = &stage.receiver.wait_for(1).await[0];
    assert_eq!((received.field("Status"), received.field("ErrCode")), ("PAYFAIL", "AZ1"));
    assert_eq!((received.field("ErrInfo"), received.field("AmazonChargePermissionID")), ("AZ1000001", ""));
    assert!(!received.body.contains(&entered.access_pass) && !received.body.contains("demoshop1pass"));
}

/// What the first attempt left: status, kind of silence, first bytes of the answer.
async fn kept(stage: &Stage, access_id: &str) -> (Option<i64>, Option<NoAnswer>, String) {
    let record = recorded(stage, access_id, 1).await;
    let attempt = stage.gateway.store().attempts_of(&record.id).await.unwrap().remove(0);
    assert_eq!((attempt.number, attempt.at, attempt.took_ms), (1, stage.now(), 0), "on a clock that stands still");
    (attempt.http_status, attempt.failure, attempt.answer)
}

#[tokio::test]
async fn what_the_shop_said_is_kept_and_no_more_of_it_than_a_screenful() {
    let stage = Stage::with(|plan| plan.settings.notify_wait_ms = 0).await;
    stage.receiver.answers(&[Reply::Status(503), Reply::Long, Reply::Drops]);
    let mut found = Vec::new();
    for order in ["order-1", "order-2", "order-3"] {
        let (entered, _) = stage.paid(Order::auth(order)).await;
        found.push(kept(&stage, &entered.access_id).await);
    }
    assert_eq!(found[0], (Some(503), None, "0".to_owned()));
    assert_eq!(found[1], (Some(200), None, "long ".repeat(40)));
    assert_eq!(found[2].1, Some(NoAnswer::Broken));
}

#[tokio::test]
async fn every_kind_of_silence_is_told_from_the_others() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = crate::support::Receiver::start().await.url.replace("http://", "https://");
    for (url, reply, failure) in [
        (Some(format!("http://{closed}/")), None, NoAnswer::Refused),
        (Some(plain), None, NoAnswer::Tls),
        (None, Some(Reply::Hangs), NoAnswer::Hang),
        (None, Some(Reply::Trickles), NoAnswer::Hang),
    ] {
        let stage = Stage::with(|plan| {
            plan.settings.notify_wait_ms = 0;
            plan.shops[0].notify_timeout_ms = 1_000;
            plan.shops[0].notify_url = url.or(plan.shops[0].notify_url.take());
        })
        .await;
        stage.receiver.answers(reply.as_slice());
        let (entered, _) = stage.paid(Order::auth("order-1")).await;
        let (status, kind, words) = kept(&stage, &entered.access_id).await;
        assert_eq!(kind, Some(failure), "{words}");
        assert_eq!(status, (reply == Some(Reply::Trickles)).then_some(200), "the head of the answer came");
    }
}

/// A shop that asks for time is given it, within bounds, and no attempt is lost by that.
#[tokio::test]
async fn a_shop_may_ask_for_time() {
    let stage = Stage::with(|plan| plan.settings.notify_wait_ms = 0).await;
    for (order, seconds, least) in [
        ("order-1", "60", 60 * MINUTE),
        ("order-2", "7200", 120 * MINUTE),
        ("order-3", "99999999", RETRY_AFTER_MS_MAX),
        ("order-4", "later", 60 * MINUTE),
    ] {
        stage.receiver.answers(&[Reply::AsksForTime(seconds)]);
        let (entered, _) = stage.paid(Order::auth(order)).await;
        let record = recorded(&stage, &entered.access_id, 1).await;
        let wait = record.next_at.unwrap().since(stage.now());
        assert!((least..=least + least / 10).contains(&wait), "{seconds}: {wait}");
    }
}

/// SALES is news only to a shop that has heard of AUTH.
#[tokio::test]
async fn what_a_transaction_is_owed_arrives_in_its_order() {
    let stage = Stage::with(|plan| plan.settings.notify_wait_ms = 0).await;
    stage.receiver.answers(&[Reply::Says("1")]);
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    recorded(&stage, &entered.access_id, 1).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    // Another order of the same shop does not wait for this one.
    stage.paid(Order::auth("order-2")).await;
    assert_eq!(stage.receiver.wait_for(2).await[1].field("OrderID"), "order-2");
    assert_eq!(stage.notifications(&entered.access_id).await[1].attempts, 0);
    stage.clock.advance(66 * MINUTE);
    let received = stage.receiver.wait_for(4).await;
    let told: Vec<_> = received.iter().map(|one| (one.field("OrderID"), one.field("Status"))).collect();
    assert_eq!(told, [("order-1", "AUTH"), ("order-2", "AUTH"), ("order-1", "AUTH"), ("order-1", "SALES")]);
}

/// What monitors read: how much waits, and whether the database can be read and written to.
#[tokio::test]
async fn monitors_are_told_what_waits_and_whether_the_book_can_be_written() {
    let mut database = None;
    let stage = Stage::with(|plan| database = Some(plan.settings.database.clone())).await;
    stage.receiver.answers(&[Reply::Says("1")]);
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    recorded(&stage, &entered.access_id, 1).await;
    let ask = async |path: &str| {
        let answer = stage.http.get(format!("{}/{path}", stage.gateway_url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, figures) = ask("metrics").await;
    assert_eq!(status, 200);
    for line in
        ["sekisho_notifications_pending 1", "sekisho_notifications_due_age_seconds 0", "sekisho_operations_open 0"]
    {
        assert!(figures.lines().any(|one| one == line), "{line}: {figures}");
    }
    assert_eq!(ask("readyz").await, (200, "ready\n".to_owned()));

    // Somebody else holds the pen. Whoever reads does not notice.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database.unwrap());
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(ask("readyz").await, (503, "the database does not answer in time\n".to_owned()));
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    eventually("it is ready again", async || (ask("readyz").await.0 == 200).then_some(())).await;
}
