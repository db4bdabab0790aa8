//! SIGKILL at every step of every operation at Amazon. Afterwards, on the same database, nothing is lost and nothing is
//! doubled: the sandbox's ledger, SearchTradeMulti, the browser's page and the shop's receiver are asked, and agree.

use std::thread::JoinHandle;
use std::time::Duration;

use sekisho::domain::AccessId;
use sekisho::flow::{Phase, Step};
use sekisho::store::Store as _;
use serde_json::Value;

use super::shop::{Form, Reply, call, form};
use super::world::{Gateway, World, come_back};

const BUSY: &str = "E90010001";
const ALREADY_REQUESTED: &str = "M01004014";
const NOT_IN_THIS_STATUS: &str = "M01054004";

const TOTAL: i64 = 2178;

/// An order that was entered.
struct Entered {
    order: String,
    access_id: String,
    access_pass: String,
}

impl Entered {
    fn access(&self) -> Form {
        form([("AccessID", &*self.access_id), ("AccessPass", &self.access_pass), ("OrderID", &self.order)])
    }
}

/// What must be true in the end.
struct Verdict {
    /// The order that was paid.
    paid: Entered,
    /// Its Status.
    status: &'static str,
    /// Every notification, in order.
    told: Vec<(String, String)>,
}

#[test]
fn nothing_is_lost_or_doubled_whenever_the_process_dies() {
    let plays = Step::all().into_iter().map(|step| {
        let survive = move || {
            let begun = std::time::Instant::now();
            tokio::runtime::Runtime::new().unwrap().block_on(play(step));
            println!("{step}: survived, {} ms", begun.elapsed().as_millis());
        };
        // A thread that fails says why, under its name.
        std::thread::Builder::new().name(step.to_string()).spawn(survive).unwrap()
    });
    let plays: Vec<_> = plays.collect();
    let count = plays.len();
    let failed = plays.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
    assert_eq!(failed, 0, "of {count} steps");
}

async fn play(step: Step) {
    let world = World::new().await;
    let doomed = world.serve(Some(step)).await;
    let (gateway, verdict) = match step.operation {
        "updateCheckoutSession" => die_in_update(&world, doomed, step).await,
        "completeCheckoutSession" => die_in_complete(&world, doomed, step).await,
        "captureCharge" => die_in_capture(&world, doomed, step).await,
        other => panic!("no play for {other}"),
    };
    judge(&world, gateway, step, verdict).await;
}

/// The shop's ExecTran is cut off. Its next attempt, or a new order on the same session, is paid.
async fn die_in_update(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let session = world.choose_at_amazon().await;
    let first = enter(world, &doomed, "crash-1").await;
    let form = exec_form(&first, &session, "1");
    let gateway = die_during_call(world, doomed, step, "ExecTranAmazonpay", &form).await;

    let again = until_not_busy(world, &gateway, "ExecTranAmazonpay", &form).await;
    let mut told = Vec::new();
    let (paid, ticket) = if step.phase == Phase::Concluded {
        // The Token is lost with the answer: this order ends by itself, and the shop takes another number.
        assert_eq!(again, Reply::Refused(ALREADY_REQUESTED.to_owned()), "{step}");
        wait_for_status(world, &gateway, "crash-1", "EXPIRED").await;
        told.push(("crash-1".to_owned(), "EXPIRED".to_owned()));
        let second = enter(world, &gateway, "crash-2").await;
        let form = exec_form(&second, &session, "120");
        let ticket = world.call(&gateway, "ExecTranAmazonpay", &form).await.fields();
        (second, ticket)
    } else {
        (first, again.fields())
    };
    let back = world.start_and_pay(&gateway, &ticket).await;
    let posted = come_back(&world.http, &gateway.url, &back).await.expect("a page");
    assert_eq!(posted["Status"], "AUTH", "{step}");
    told.push((paid.order.clone(), "AUTH".to_owned()));
    (gateway, Verdict { paid, status: "AUTH", told })
}

/// The buyer's browser is cut off on its way back from Amazon, and comes a second time.
async fn die_in_complete(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let (paid, back) = to_amazon_and_pay(world, &doomed).await;
    world.receiver.shut();
    let (http, url, path) = (world.http.clone(), doomed.url.clone(), back.clone());
    let visit = tokio::spawn(async move { come_back(&http, &url, &path).await });
    let gateway = die(world, doomed, step).await;
    assert_eq!(visit.await.unwrap(), None, "{step}: the page came although the process was to die first");

    let posted = come_back(&world.http, &gateway.url, &back).await.expect("a page");
    assert_eq!((&*posted["Status"], &*posted["ErrInfo"], &*posted["OrderID"]), ("AUTH", "", "crash-1"), "{step}");
    let told = vec![("crash-1".to_owned(), "AUTH".to_owned())];
    (gateway, Verdict { paid, status: "AUTH", told })
}

/// The shop's AmazonpaySales is cut off, and is made a second time.
async fn die_in_capture(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let (paid, back) = to_amazon_and_pay(world, &doomed).await;
    let posted = come_back(&world.http, &doomed.url, &back).await.expect("a page");
    assert_eq!(posted["Status"], "AUTH", "{step}");
    let form = sales_form(&paid);
    let gateway = die_during_call(world, doomed, step, "AmazonpaySales", &form).await;

    let again = until_not_busy(world, &gateway, "AmazonpaySales", &form).await;
    assert_eq!(again, Reply::Refused(NOT_IN_THIS_STATUS.to_owned()), "{step}: captured by now, so not twice");
    let told = ["AUTH", "SALES"].map(|status| ("crash-1".to_owned(), status.to_owned())).to_vec();
    (gateway, Verdict { paid, status: "SALES", told })
}

async fn judge(world: &World, gateway: Gateway, step: Step, verdict: Verdict) {
    let Verdict { paid, status, told } = verdict;
    let captured = status == "SALES";
    wait_for_notifications(world, told.len()).await;

    let trade = world.search(&gateway, &paid.order).await;
    assert_eq!((&*trade["Status"], &trade["AccessPass"]), (status, &paid.access_pass), "{step}");

    let ledger = world.ledger().await;
    let charges = ledger["charges"].as_array().unwrap();
    let states: Vec<_> = charges.iter().map(|charge| charge["statusDetails"]["state"].as_str().unwrap()).collect();
    assert_eq!(states, [if captured { "Captured" } else { "Authorized" }], "{step}: one charge");
    assert_eq!(ledger["chargePermissions"].as_array().unwrap().len(), 1, "{step}: one permission");
    assert_eq!(moved(&ledger, "authorized"), [TOTAL], "{step}: authorised once");
    assert_eq!(moved(&ledger, "captured"), vec![TOTAL; usize::from(captured)], "{step}: captured once, if at all");
    assert_eq!(trade["AmazonChargePermissionID"], charges[0]["chargePermissionId"].as_str().unwrap(), "{step}");

    let store = world.end(gateway).await;
    let access_id = AccessId::new(paid.access_id).unwrap();
    let transaction = store.transaction(&access_id).await.unwrap().expect("the payment");
    let charge = transaction.state.payment().expect("a charge").charge.as_str().to_owned();
    assert_eq!(charge, charges[0]["chargeId"].as_str().unwrap(), "{step}: the charge's id is in the book");
    assert_eq!(world.receiver.received(), told, "{step}: each told once");
    store.close().await;
}

// --- The moves ------------------------------------------------------------------------------------------------------

async fn enter(world: &World, gateway: &Gateway, order: &str) -> Entered {
    let form =
        form([("OrderID", order), ("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198"), ("AmazonpayType", "3")]);
    let entered = world.call(gateway, "EntryTranAmazonpay", &form).await.fields();
    Entered {
        order: order.to_owned(),
        access_id: entered["AccessID"].clone(),
        access_pass: entered["AccessPass"].clone(),
    }
}

async fn to_amazon_and_pay(world: &World, gateway: &Gateway) -> (Entered, String) {
    let session = world.choose_at_amazon().await;
    let entered = enter(world, gateway, "crash-1").await;
    let ticket = world.call(gateway, "ExecTranAmazonpay", &exec_form(&entered, &session, "120")).await.fields();
    let back = world.start_and_pay(gateway, &ticket).await;
    (entered, back)
}

/// Makes the call during which the gateway dies; its successor is the answer.
async fn die_during_call(world: &World, doomed: Gateway, step: Step, name: &'static str, form: &Form) -> Gateway {
    world.receiver.shut();
    let (http, url, form) = (world.http.clone(), doomed.url.clone(), form.clone());
    let under_way = tokio::spawn(async move { call(&http, &url, name, &form).await });
    let successor = die(world, doomed, step).await;
    assert_eq!(under_way.await.unwrap(), Reply::NoAnswer, "{step}: answered although the process was to die first");
    successor
}

/// Waits until the gateway has come to the step, kills it, and starts another on the same database. What the first was
/// just telling the shop did not arrive.
async fn die(world: &World, mut doomed: Gateway, step: Step) -> Gateway {
    doomed.process.logs(&format!("stopped at {step}")).await;
    doomed.process.kill();
    world.receiver.reopen().await;
    world.serve(None).await
}

/// As shops do: while the gateway says that the transaction is in work, a little later again.
async fn until_not_busy(world: &World, gateway: &Gateway, name: &str, form: &Form) -> Reply {
    let trying = async {
        loop {
            match world.call(gateway, name, form).await {
                Reply::Refused(codes) if codes == BUSY => tokio::time::sleep(LOOK_EVERY).await,
                reply => return reply,
            }
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.unwrap_or_else(|_| panic!("{name} stays {BUSY}"))
}

async fn wait_for_status(world: &World, gateway: &Gateway, order: &str, status: &str) {
    let waiting = async {
        while world.search(gateway, order).await["Status"] != status {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{order} never becomes {status}"));
}

async fn wait_for_notifications(world: &World, count: usize) {
    let waiting = async {
        while world.receiver.received().len() < count {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{count} notifications are due, and only these came: {:?}", world.receiver.received());
}

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

fn exec_form(entered: &Entered, session: &str, term_sec: &str) -> Form {
    let more =
        [("AmazonCheckoutSessionID", session), ("RetURL", "https://shop.example/result"), ("PaymentTermSec", term_sec)];
    [entered.access(), form(more)].concat()
}

fn sales_form(entered: &Entered) -> Form {
    [entered.access(), form([("Amount", "1980"), ("Tax", "198")])].concat()
}

/// The amounts of all movements of a kind.
fn moved(ledger: &Value, kind: &str) -> Vec<i64> {
    let movements = ledger["movements"].as_array().unwrap().iter();
    movements.filter(|one| one["kind"] == kind).map(|one| one["amount"].as_i64().unwrap()).collect()
}
