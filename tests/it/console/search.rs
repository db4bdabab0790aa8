//! Looking: the list of transactions and its search, the list as a file, the day's figures, one transaction's story.

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt as _;
use sekisho::console;
use sekisho::domain::{LoginName, Role};
use sekisho::store::{By, StaffChange};
use tower::ServiceExt as _;

use crate::support::acts::{enter, pay};
use crate::support::clerk::Clerk;
use crate::support::{DAY, Stage, eventually};

const LIST: &str = "/console/transactions";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_found_by_whatever_is_known_of_it() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Look).await;
    let empty = clerk.get(LIST).await.ok();
    assert!(empty.html.contains("まだ取引はありません"), "{}", empty.html);

    let (paid, _) = pay(&stage, "ORDER-1", "AUTH").await;
    enter(&stage, "ORDER-2", "CAPTURE").await;
    enter(&stage, "OTHER-3", "AUTH").await;
    let permission = stage.transaction(&paid.access_id).await.charge_permission().unwrap().to_string();
    let found = async |query: &str| {
        let page = clerk.get(&format!("{LIST}?{query}")).await.ok();
        ["ORDER-1", "ORDER-2", "OTHER-3"].map(|order| page.html.contains(&format!(">{order}</a>")))
    };
    assert_eq!(found("").await, [true, true, true]);
    assert_eq!(found("order=ORDER-1").await, [true, false, false]);
    assert_eq!(found("order=ORDER-*").await, [true, true, false]);
    assert_eq!(found(&format!("access_id={}", paid.access_id)).await, [true, false, false]);
    assert_eq!(found(&format!("permission={permission}")).await, [true, false, false]);
    assert_eq!(found("status=UNPROCESSED").await, [false, true, true]);
    assert_eq!(found("status=UNPROCESSED&order=OTHER-3").await, [false, false, true]);
    assert_eq!(found("from=2026-11-23&to=2026-11-23").await, [true, true, true]);
    assert_eq!(found("to=2026-11-22").await, [false, false, false]);
    assert_eq!(found("total_from=2178&total_to=2,178").await, [true, true, true]);
    assert_eq!(found("total_from=2179").await, [false, false, false]);
    assert_eq!(found("shop=tshop00000002").await, [false, false, false]);
    assert_eq!(found("sort=largest&status=AUTH").await, [true, false, false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_searched_for_is_said_and_nothing_is_listed() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some("tshop00000001"), Role::Look).await;
    enter(&stage, "ORDER-1", "AUTH").await;
    for query in [
        "order=a%20b",
        "order=*",
        "access_id=123",
        "permission=%2F..%2F",
        "status=PAID",
        "from=2026-13-01",
        "to=tomorrow",
        "total_from=-1",
        "total_to=10000000",
        "sort=cheapest",
    ] {
        let page = clerk.get(&format!("{LIST}?{query}")).await;
        assert_eq!(page.status, 422, "{query}");
        assert!(page.html.contains("id=\"faults\"") && !page.html.contains(">ORDER-1</a>"), "{query}");
        let field = query.split('=').next().unwrap();
        let tied = format!("aria-invalid=\"true\" aria-describedby=\"fault-{field}\"");
        assert!(page.html.contains(&tied) && page.html.contains(&format!("id=\"fault-{field}\"")), "{query}");
    }
    for made_up in ["after=1.1", "after=nonsense", "after=999999999999999999999.1"] {
        clerk.get(&format!("{LIST}?{made_up}")).await.ok();
    }
    let markup = clerk.get(&format!("{LIST}?order=%22%3E%3Cscript%3E")).await;
    assert!(markup.status == 422 && !markup.html.contains("<script>"), "{}", markup.html);
}

/// Page by page, in the order that was asked for, each transaction once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_is_read_page_by_page_and_as_one_file() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Look).await;
    let count = 120;
    for number in 0..count {
        let order = format!("-{number:03}");
        let fields =
            [("OrderID", order.as_str()), ("JobCd", "AUTH"), ("Amount", "100"), ("Tax", "1"), ("AmazonpayType", "3")];
        assert_eq!(stage.shop().call("EntryTranAmazonpay", &fields).await.status, 200);
    }
    for sort in ["newest", "oldest", "largest"] {
        let mut address = format!("{LIST}?sort={sort}&status=UNPROCESSED");
        let mut seen = Vec::new();
        loop {
            let page = clerk.get(&address).await.ok();
            seen.extend(page.html.match_indices(">-").map(|(at, _)| page.html[at + 2..at + 5].to_owned()));
            let Some(at) = page.html.find("id=\"next\" href=\"") else { break };
            address = page.html[at..].split('"').nth(3).unwrap().replace("&#38;", "&").replace("&amp;", "&");
        }
        let mut expected: Vec<_> = (0..count).map(|number| format!("{number:03}")).collect();
        if sort != "oldest" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{sort}");
        // And back, page by page, to the first.
        for _ in 0..2 {
            let page = clerk.get(&address).await.ok();
            let at = page.html.find("id=\"previous\" href=\"").expect("a page before");
            address = page.html[at..].split('"').nth(3).unwrap().replace("&#38;", "&").replace("&amp;", "&");
        }
        let first = clerk.get(&address).await.ok();
        assert!(first.html.contains(&format!(">-{}</a>", expected[0])) && !first.html.contains("id=\"previous\""));
    }

    let offer = clerk.get("/console/transactions/export?status=UNPROCESSED").await.ok();
    assert!(offer.html.contains("<strong>120</strong>"), "{}", offer.html);
    for (encoding, name) in [("utf-8", "オーダーID"), ("windows-31j", "AccessID")] {
        let address = format!("/console/transactions/export/file?status=UNPROCESSED&sort=oldest&encoding={encoding}");
        let file = clerk.get(&address).await.ok();
        assert!(file.headers["content-type"].to_str().unwrap().contains(encoding));
        assert!(file.headers["content-disposition"].to_str().unwrap().contains("transactions-2026-11-23.csv"));
        assert_eq!(file.headers["sekisho-rows"], "120");
        let lines: Vec<_> = file.html.lines().collect();
        assert_eq!(lines.len(), 121, "{}", file.html);
        assert!(lines[0].contains(name), "{}", lines[0]);
        assert!(lines[1].starts_with("\"'-000\",\""), "no formula: {}", lines[1]);
        assert!(lines[1].contains(",\"2026-11-23 "), "a date, and no number of fourteen digits: {}", lines[1]);
    }
    assert_eq!(clerk.get("/console/transactions/export/file?encoding=ebcdic").await.status, 422);
    assert_eq!(clerk.get("/console/transactions/export?from=nonsense").await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn today_tells_the_figures_and_what_needs_a_person() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Look).await;
    let quiet = clerk.get("/console/today?lang=en").await.ok();
    assert!(quiet.html.contains("Nothing. Everything takes its course."), "{}", quiet.html);
    assert!(quiet.html.contains("Nothing has been asked of Amazon yet."));
    assert!(quiet.html.contains("No transactions were entered in the last 30 days.") && !quiet.html.contains("<svg"));

    let (sold, _) = pay(&stage, "SOLD", "AUTH").await;
    pay(&stage, "WAITING", "AUTH").await;
    pay(&stage, "AT-ONCE", "CAPTURE").await;
    enter(&stage, "ENTERED", "AUTH").await;
    sold.call(&stage, sekisho::protocol::Call::Sales, &[("Amount", "1000"), ("Tax", "100")]).await;
    let page = clerk.get("/console/today?lang=en").await.ok();
    for (id, count, sum) in
        [("taken", 4, "¥8,712"), ("captured", 2, "¥3,278"), ("refunded", 0, "¥0"), ("failed", 0, "¥0")]
    {
        let card = page.html.split(&format!("id=\"{id}\"")).nth(1).unwrap().split("</dd>").next().unwrap();
        assert!(card.contains(&format!("<strong>{count}</strong>")) && card.contains(sum), "{id}: {card}");
    }
    let pending = page.html.split("id=\"pending\"").nth(1).unwrap().split("</dd>").next().unwrap();
    assert!(pending.contains("<strong>1</strong>") && pending.contains("?status=UNPROCESSED\""), "{pending}");
    let entered = "s-unprocessed dots\"><b>UNPROCESSED entered</b>";
    assert!(page.html.contains(entered), "what is pending on the card is so on the chart: {}", page.html);
    assert!(page.html.contains("<svg") && page.html.contains("id=\"days\"") && page.html.contains("id=\"latency\""));
    let mine = clerk.get("/console/today?lang=en&shop=tshop00000002").await.ok();
    assert!(mine.html.split("id=\"taken\"").nth(1).unwrap().contains("<strong>0</strong>"), "another shop's day");

    stage.clock.advance(28 * DAY);
    let late = stage.clerk("taro", None, Role::Look).await.get("/console/today?lang=en").await.ok();
    let expiring = late.html.split("id=\"expiring\"").nth(1).expect("an authorisation is about to lapse");
    assert!(expiring.contains(">WAITING</a>") && !expiring.contains(">SOLD</a>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_transaction_tells_its_story_without_secrets() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some("tshop00000001"), Role::Look).await;
    let (paid, _) = pay(&stage, "ORDER-1", "AUTH").await;
    paid.call(&stage, sekisho::protocol::Call::Sales, &[("Amount", "1980"), ("Tax", "198")]).await;
    stage.receiver.wait_for(2).await;
    let page = clerk.get(&format!("{LIST}/{}?lang=en", paid.access_id)).await.ok();
    for part in [
        "Entered (shop: EntryTranAmazonpay): UNPROCESSED",
        "Amazon Pay finalizeCheckoutSession: done",
        "x-amz-pay-request-id:",
        "Executed and charged at once (ExecTranAmazonpay): UNPROCESSED → AUTH",
        "Amazon Pay captureCharge: done",
        "Captured (AmazonpaySales): AUTH → SALES",
        "Notification, attempt 1: HTTP 200",
        "Left to refund",
    ] {
        assert!(page.html.contains(part), "{part}: {}", page.html);
    }
    assert!(!page.html.contains(&paid.access_pass), "the AccessPass");
    assert!(!page.html.contains("id=\"acts\""), "who may only look is offered no act");
    for unknown in ["0".repeat(32), "x".to_owned()] {
        assert_eq!(clerk.get(&format!("{LIST}/{unknown}")).await.status, 404);
    }
}

/// What the shop asked for and was refused is part of the story, and only of a transaction of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_call_is_told_with_its_code() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Look).await;
    let (paid, _) = pay(&stage, "ORDER-1", "AUTH").await;
    let too_much = [("Amount", "9999"), ("Tax", "0")];
    let answer = paid.call(&stage, sekisho::protocol::Call::Sales, &too_much).await;
    let code = answer.errors();
    let names = [("AccessID", paid.access_id.as_str()), ("AccessPass", &paid.access_pass), ("OrderID", "ORDER-1")];
    let foreign = [&names[..], &[("Amount", "1111"), ("Tax", "0")]].concat();
    stage.other_shop().call("AmazonpayCancel", &foreign).await;
    for number in 0..55 {
        let tax = number.to_string();
        let wrong = [&names[..], &[("Amount", "x"), ("Tax", tax.as_str())]].concat();
        stage.shop().call("AmazonpayChange", &wrong).await;
    }
    paid.call(&stage, sekisho::protocol::Call::Sales, &too_much).await;
    let page = eventually("the last call in the story", async || {
        let page = clerk.get(&format!("{LIST}/{}?lang=en", paid.access_id)).await.ok();
        let told = page.html.split("AmazonpaySales: refused").nth(1).is_some_and(|rest| rest.contains(&code));
        (told && page.html.matches("Call of the shop:").count() == 50).then_some(page)
    })
    .await;
    assert!(page.html.contains("AmazonpayChange: refused") && !page.html.contains("AmazonpayCancel"), "{}", page.html);
}

/// An export whose reader takes its pieces one by one: the status, and the rest of it.
async fn export(stage: &Stage, clerk: &Clerk) -> (u16, BodyDataStream) {
    let cookie = format!("sekisho_console={}", clerk.cookie("sekisho_console").unwrap());
    let request = Request::get(format!("{LIST}/export/file?encoding=utf-8")).header("cookie", cookie);
    let answer = console::router(&stage.console).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (answer.status().as_u16(), answer.into_body().into_data_stream())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_ends_with_the_account_that_began_it() {
    let stage = Stage::new().await;
    let hanako = stage.clerk("hanako", Some("tshop00000001"), Role::Look).await;
    enter(&stage, "ORDER-1", "AUTH").await;
    let id = stage.staff.account_named(&LoginName::new("hanako").unwrap()).await.unwrap().unwrap().id;
    let (_, mut whole) = export(&stage, &hanako).await;
    assert!(whole.next().await.unwrap().is_ok() && whole.next().await.unwrap().is_ok() && whole.next().await.is_none());

    let (status, mut cut) = export(&stage, &hanako).await;
    assert!(status == 200 && cut.next().await.unwrap().is_ok(), "the headings");
    stage.staff.change_staff(StaffChange::Disable(id), By::command_line(), stage.now()).await.unwrap();
    assert!(
        cut.next().await.unwrap().is_err(),
        "the connection breaks: half a file is not to be taken for a whole one"
    );
    assert!(cut.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_two_exports_at_a_time() {
    let stage = Stage::new().await;
    let hanako = stage.clerk("hanako", None, Role::Look).await;
    let taro = stage.clerk("taro", None, Role::Look).await;
    let first = export(&stage, &hanako).await;
    let second = export(&stage, &hanako).await;
    assert_eq!((first.0, second.0, export(&stage, &hanako).await.0), (200, 200, 429));
    let refused = hanako.get(&format!("{LIST}/export?lang=en")).await;
    assert!(refused.status == 429 && refused.html.contains("when a download has ended"), "{}", refused.html);
    hanako.get(LIST).await.ok();
    assert_eq!(export(&stage, &taro).await.0, 200, "another account");
    drop(first);
    assert_eq!(export(&stage, &hanako).await.0, 200);
}
