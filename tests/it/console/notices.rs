//! Notifications: the queue, what shops answered, sending again, and a test of a shop's server.

use sekisho::domain::Role;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::support::acts::{Named, pay};
use crate::support::clerk::Clerk;
use crate::support::{Reply, Stage, eventually};

/// A stage whose shops are told once and not again.
async fn told_once() -> Stage {
    Stage::with(|plan| plan.shops.iter_mut().for_each(|shop| shop.notify_retry_minutes = Vec::new())).await
}

/// A payment whose notification the shop's server refused; answers the notification's id, too.
async fn given_up(stage: &Stage, order: &'static str) -> (Named, String) {
    stage.receiver.answers(&[Reply::Says("1")]);
    let (named, _) = pay(stage, order, "AUTH").await;
    let id = stands(stage, &named, 1, "GIVEN_UP").await;
    (named, id)
}

/// Waits until the transaction's notification stands so after so many attempts; answers its id.
async fn stands(stage: &Stage, order: &Named, attempts: i64, standing: &str) -> String {
    eventually(&format!("{standing} after {attempts}"), async || {
        let all = stage.notifications(&order.access_id).await;
        all.into_iter().find(|one| one.state == standing && one.attempts == attempts).map(|one| one.id)
    })
    .await
}

async fn clerk(stage: &Stage) -> Clerk {
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    clerk.get("/console/me?lang=en").await.ok();
    clerk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_shown_and_sent_again_once() {
    let stage = told_once().await;
    let clerk = clerk(&stage).await;
    assert!(clerk.get("/console/notifications").await.ok().html.contains("No notifications yet."));
    let (named, id) = given_up(&stage, "ORDER-1").await;
    let today = clerk.get("/console/today").await.ok();
    assert!(today.html.split("id=\"given-up\"").nth(1).expect("it needs a person").contains(&id));
    let list = clerk.get("/console/notifications?state=GIVEN_UP").await.ok();
    assert!(list.html.contains(&id) && list.html.contains(">ORDER-1</a>"), "{}", list.html);
    assert!(!clerk.get("/console/notifications?state=DELIVERED").await.ok().html.contains(&id));
    let path = format!("/console/notifications/{id}");
    let page = clerk.get(&path).await.ok();
    assert!(
        page.html.contains("<td>200</td><td>1</td>") && page.html.contains("<dt>Status</dt><dd>AUTH</dd>"),
        "{}",
        page.html
    );

    let resend = format!("{path}/resend");
    let form = clerk.get(&resend).await.ok();
    assert!(form.html.contains("attempts 1"), "{}", form.html);
    let (csrf, pick) = (form.csrf(), form.field("pick").unwrap());
    let fields = [("csrf", csrf.as_str()), ("pick", pick.as_str())];
    let sent = clerk.post_bare(&resend, &fields).await;
    assert_eq!(sent.location, Some(format!("{path}?sent=1")), "{}", sent.html);
    stands(&stage, &named, 2, "DELIVERED").await;
    let again = clerk.post_bare(&resend, &fields).await;
    assert_eq!(again.location, Some(format!("{path}?sent=0")), "the page is out of date");
    for page in [path.as_str(), "/console/notifications"] {
        let none = clerk.get(&format!("{page}?sent=0")).await.ok();
        assert!(none.html.contains("notice bad") && none.html.contains("Nothing was done"), "{page} is no success");
    }
    assert_eq!(stage.receiver.received().len(), 2);
    assert!(clerk.get("/console/audit").await.ok().html.contains("GIVEN_UP → PENDING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_are_picked_or_all_of_a_shop_are_sent_again() {
    let stage = told_once().await;
    let clerk = clerk(&stage).await;
    let (first, one) = given_up(&stage, "ORDER-1").await;
    let (second, two) = given_up(&stage, "ORDER-2").await;
    let (third, _) = given_up(&stage, "ORDER-3").await;
    let resend = "/console/notifications/resend";
    assert!(clerk.get(resend).await.ok().html.contains("None is picked."));
    let address = format!("{resend}?pick={one}:1&pick={two}:1");
    let form = clerk.get(&address).await.ok();
    assert!(form.html.contains(&format!("value=\"{one}:1\"")) && form.html.contains(&format!("value=\"{two}:1\"")));
    let picked = [("pick", format!("{one}:1")), ("pick", format!("{two}:1"))];
    let picked: Vec<_> = picked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = clerk.post(&address, resend, &picked).await;
    assert_eq!(sent.location.as_deref(), Some("/console/notifications?sent=2"), "{}", sent.html);
    stands(&stage, &first, 2, "DELIVERED").await;
    stands(&stage, &second, 2, "DELIVERED").await;
    stands(&stage, &third, 1, "GIVEN_UP").await;

    let address = format!("{resend}?given_up_of=tshop00000001");
    assert!(clerk.get(&address).await.ok().html.contains("Everything that was given up for this shop"));
    let sent = clerk.post(&address, resend, &[("given_up_of", "tshop00000001")]).await;
    assert_eq!(sent.location.as_deref(), Some("/console/notifications?sent=1"));
    stands(&stage, &third, 2, "DELIVERED").await;
    assert_eq!(
        clerk.post(&format!("{resend}?pick={one}:2"), resend, &[("pick", &format!("{one}:nonsense"))]).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_notification_says_how_the_shop_s_server_answers() {
    let stage = Stage::with(|plan| plan.shops[1].notify_url = None).await;
    let clerk = clerk(&stage).await;
    let path = "/console/notifications/test";
    let page = clerk.get(path).await.ok();
    assert!(page.html.contains("(no notify_url)") && page.html.contains(&stage.receiver.url), "{}", page.html);
    let sent = clerk.post(path, path, &[("shop", "tshop00000001")]).await.ok();
    assert!(
        sent.html.contains("The shop’s server has it") || sent.html.contains("server has it: HTTP 200"),
        "{}",
        sent.html
    );
    let received = stage.receiver.received();
    assert_eq!((received.len(), received[0].field("ErrInfo")), (1, "E00000000"));
    assert_eq!((received[0].field("ErrCode"), received[0].field("OrderID")), ("E00", "TEST"));

    stage.receiver.answers(&[Reply::Status(503)]);
    let refused = clerk.post(path, path, &[("shop", "tshop00000001")]).await.ok();
    assert!(refused.html.contains("did not take it") && refused.html.contains("HTTP 503"), "{}", refused.html);
    let without = clerk.post(path, path, &[("shop", "tshop00000002")]).await;
    assert!(without.status == 422 && without.html.contains("no address for notifications"), "{}", without.html);
    let unnamed = clerk.post(path, path, &[]).await;
    assert!(unnamed.status == 422 && unnamed.html.contains("Please choose a shop."), "{}", unnamed.html);
    assert_eq!(stage.receiver.received().len(), 2, "a shop without an address is not called");
    assert_eq!(clerk.post(path, path, &[("shop", "tshop00000009")]).await.status, 404);
    assert_eq!(clerk.get("/console/audit").await.ok().html.matches("<td>Sent a test notification</td>").count(), 2);
}

/// A shop may have a great many; one form sends a bounded number of them, in batches with a line each, and says what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_go_at_a_time_are_sent_again_in_parts() {
    let mut database = std::path::PathBuf::new();
    let stage = Stage::with(|plan| {
        database.clone_from(&plan.settings.database);
        for shop in &mut plan.shops {
            shop.notify_retry_minutes = Vec::new();
            shop.notify_timeout_ms = 60_000;
        }
    })
    .await;
    let clerk = clerk(&stage).await;
    let (named, id) = given_up(&stage, "ORDER-1").await;
    let mut rows = SqliteConnectOptions::new().filename(&database).connect().await.unwrap();
    let more = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2004)
         INSERT INTO notifications (id, access_id, shop_id, url, body, created_at, state, attempts, schedule_from)
         SELECT 'more-' || n, access_id, shop_id, url, body, created_at, state, attempts, schedule_from
         FROM notifications CROSS JOIN n WHERE id = '{id}'"
    );
    rows.execute(sqlx::AssertSqlSafe(more)).await.unwrap();
    stage.receiver.answers(&[Reply::Hangs]);
    let resend = "/console/notifications/resend";
    let address = format!("{resend}?given_up_of=tshop00000001");
    let sent = clerk.post(&address, resend, &[("given_up_of", "tshop00000001")]).await;
    let to = sent.location.unwrap_or_else(|| panic!("{}", sent.html));
    assert_eq!(to, "/console/notifications?state=GIVEN_UP&sent=2000&left=5");
    let page = clerk.get(&to).await.ok();
    assert!(page.html.contains("sent again: 2000") && page.html.contains("left: 5"), "{}", page.html);
    let states = stage.notifications(&named.access_id).await;
    assert_eq!(states.iter().filter(|one| one.state == "GIVEN_UP").count(), 5);
    let audit = clerk.get("/console/audit").await.ok();
    assert_eq!(audit.html.matches("count</code>: – → 200").count(), 10, "a line for each batch");
    assert!(audit.html.contains("more-1 more-2 "), "which they were");
    let sent = clerk.post(&address, resend, &[("given_up_of", "tshop00000001")]).await;
    assert_eq!(sent.location.as_deref(), Some("/console/notifications?sent=5"));
}

/// The act goes on though the browser is closed, and so does its line in the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_leaves_a_line_all_the_same() {
    let stage = Stage::with(|plan| plan.shops[0].notify_timeout_ms = 2_000).await;
    let clerk = clerk(&stage).await;
    let path = "/console/notifications/test";
    let csrf = clerk.get(path).await.csrf();
    stage.receiver.answers(&[Reply::Hangs]);
    let fields = [("csrf", csrf.as_str()), ("shop", "tshop00000001")];
    {
        let sending = clerk.post_bare(path, &fields);
        tokio::select! {
            page = sending => panic!("an answer while the shop says nothing: {}", page.status),
            () = async { drop(stage.receiver.wait_for(1).await) } => {}
        }
    }
    eventually("a line in the log", async || {
        let audit = clerk.get("/console/audit").await;
        audit.html.contains("Sent a test notification").then_some(())
    })
    .await;
}
