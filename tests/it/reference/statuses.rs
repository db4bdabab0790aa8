//! Every status meets every call, through the real gateway. What has to come of it is written down here by hand, after
//! psp-protocol 5 and 6; what came of it becomes the table of `docs/protocol.md`.

use std::collections::BTreeMap;

use sekisho::domain::Status;
use sekisho::protocol::Call;
use serde_json::{Value, json};

use super::exchange::GATEWAY;
use super::markdown::{row, table};
use super::scenes::stage;
use crate::support::acts::{monthly, on_page, review_page, session};
use crate::support::{Answer, MINUTE, Stage, result_form};

/// The calls on a transaction, in the order of the columns.
const CALLS: [Call; 8] = [
    Call::ExecTran,
    Call::Start,
    Call::Sales,
    Call::Cancel,
    Call::Change,
    Call::SearchAddress,
    Call::CloseChargePermission,
    Call::SearchTradeMulti,
];

/// The status that follows, or the code of a call that changes nothing. Cancel is of the whole, Change is downwards; `same`
/// is an answer that leaves everything as it was. Only a consent is closed.
#[rustfmt::skip]
const EXPECTED: [(Status, [&str; 8]); 13] = [
    //                       ExecTran      Start          Sales        Cancel       Change       Address      Close        Trade
    (Status::Unprocessed, ["REQSUCCESS", "M01074090", "M01054004", "M01054004", "M01054004", "M01054004", "-",         "same"]),
    (Status::ReqSuccess,  ["M01004014",  "AUTHPROCESS", "M01054004", "M01054004", "M01054004", "same",    "-",         "same"]),
    (Status::AuthProcess, ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "-",         "same"]),
    (Status::Auth,        ["M01004014",  "M01074090", "SALES",     "CANCEL",    "AUTH",      "same",      "-",         "same"]),
    (Status::Sales,       ["M01004014",  "M01074090", "M01054004", "REQRETURN", "SALES",     "same",      "-",         "same"]),
    (Status::Capture,     ["M01004014",  "M01074090", "M01054004", "REQRETURN", "CAPTURE",   "same",      "-",         "same"]),
    (Status::Cancel,      ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "-",         "same"]),
    (Status::ReqReturn,   ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "-",         "same"]),
    (Status::Return,      ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "-",         "same"]),
    (Status::PayFail,     ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "-",         "same"]),
    (Status::Expired,     ["M01004014",  "M01052011", "M01054004", "M01054004", "M01054004", "same",      "-",         "same"]),
    (Status::Register,    ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "END",       "same"]),
    (Status::End,         ["M01004014",  "M01074090", "M01054004", "M01054004", "M01054004", "same",      "AZ1000009", "same"]),
];

/// A transaction that was led to a status.
struct Case {
    order: String,
    access_id: String,
    access_pass: String,
    session: String,
    token: String,
    permission: Option<String>,
}

#[tokio::test]
async fn every_status_meets_every_call() {
    let stage = stage().await;
    for (status, row) in EXPECTED {
        for (call, expected) in CALLS.into_iter().zip(row) {
            if expected == "-" {
                continue;
            }
            let case = lead_to(&stage, status, call).await;
            assert_eq!(stage.shop().status(&case.order).await, status.wire(), "{call:?}");
            let code = make(&stage, call, &case).await;
            let after = stage.shop().status(&case.order).await;
            let outcome = match code.as_str() {
                "" if matches!(expected, "same") => "same",
                "" => &after,
                code => code,
            };
            assert_eq!(outcome, expected, "{call:?} on {status}");
            if !code.is_empty() || expected == "same" {
                assert_eq!(after, status.wire(), "{call:?} on {status} changed it");
            }
        }
    }
}

/// The table for the documents.
pub(super) fn status_by_call() -> String {
    let heads: Vec<&str> = std::iter::once("status").chain(CALLS.iter().map(|call| call.name())).collect();
    let mut lines = table(&heads);
    for (status, cells) in EXPECTED {
        let code = |text: &str| match text {
            "same" => "answers".to_owned(),
            "-" => String::new(),
            other => format!("`{other}`"),
        };
        let cells: Vec<String> = std::iter::once(code(status.wire())).chain(cells.iter().map(|it| code(it))).collect();
        lines.push(row(&cells.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    lines.join("\n")
}

/// Makes one call on a transaction; answers its code, or nothing where it went well.
async fn make(stage: &Stage, call: Call, case: &Case) -> String {
    let pair = [
        ("AccessID", case.access_id.as_str()),
        ("AccessPass", case.access_pass.as_str()),
        ("OrderID", case.order.as_str()),
    ];
    let with = |fields: &[(&'static str, &'static str)]| [&pair[..], fields].concat();
    let answer = match call {
        Call::Start => {
            let url = format!("{}/payment/AmazonpayStart.idPass", stage.gateway_url);
            let answer = stage.browser.start(&url, &case.access_id, &case.token).await;
            return code_of_page(&answer);
        }
        Call::ExecTran => {
            let mut fields = pair.to_vec();
            fields.extend([("AmazonCheckoutSessionID", case.session.as_str()), ("RetURL", "https://shop.example/")]);
            stage.shop().call(call.name(), &fields).await
        }
        Call::Sales => stage.shop().call(call.name(), &with(&[("Amount", "1980"), ("Tax", "198")])).await,
        Call::Cancel => stage.shop().call(call.name(), &with(&[("CancelAmount", "1980"), ("CancelTax", "198")])).await,
        Call::Change => stage.shop().call(call.name(), &with(&[("Amount", "1000"), ("Tax", "100")])).await,
        Call::SearchAddress => stage.shop().call(call.name(), &[("OrderID", &case.order)]).await,
        Call::SearchTradeMulti => stage.shop().call(call.name(), &[("OrderID", &case.order), ("PayType", "38")]).await,
        Call::CloseChargePermission => {
            let permission = case.permission.as_deref().expect("a transaction with a permission");
            stage.shop().call(call.name(), &[("AmazonChargePermissionID", permission)]).await
        }
        Call::EntryTran | Call::SearchChargePermission => unreachable!("{call:?} is not made on a transaction"),
    };
    answer.errors()
}

/// The code that the browser shows, or carries to RetURL.
fn code_of_page(answer: &Answer) -> String {
    let html = answer.windows_31j();
    if html.contains("result-form") {
        return result_form(answer).field("ErrInfo").to_owned();
    }
    html.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap_or_default().to_owned()
}

/// Enters a transaction and leads it to `status` by calls alone.
async fn lead_to(stage: &Stage, status: Status, call: Call) -> Case {
    let is_consent = matches!(status, Status::Register | Status::End);
    let by_browser = matches!(status, Status::Unprocessed | Status::ReqSuccess | Status::AuthProcess | Status::Expired);
    let captures = matches!(status, Status::Capture | Status::ReqReturn | Status::Return);
    let payload = payload(is_consent, by_browser, captures);
    let session = session(stage, if by_browser || is_consent { "chosen" } else { "paid" }, &payload).await;
    let order = format!("{status}-{}", &call.name()[..3].to_uppercase());
    let order = format!("{order}-{}", CALLS.iter().position(|it| *it == call).unwrap());
    let amount = if is_consent { [("Amount", "0"), ("Tax", "0")] } else { [("Amount", "1980"), ("Tax", "198")] };
    let mut fields = vec![("OrderID", order.as_str()), ("JobCd", if captures { "CAPTURE" } else { "AUTH" })];
    fields.extend(amount.iter().chain(&[("AmazonpayType", "3")]));
    let entered = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let mut case = Case {
        access_id: entered.field("AccessID"),
        access_pass: entered.field("AccessPass"),
        token: "A".repeat(64),
        permission: None,
        order,
        session,
    };
    if status != Status::Unprocessed {
        execute(stage, status, &mut case, by_browser || is_consent, is_consent).await;
    }
    case
}

fn payload(is_consent: bool, by_browser: bool, captures: bool) -> Value {
    let mut payload = if by_browser || is_consent { review_page() } else { on_page() };
    if !by_browser && !is_consent {
        // Without it Amazon refuses a second charge beside an authorisation of the whole.
        payload["paymentDetails"]["allowOvercharge"] = true.into();
        let intent = if captures { "AuthorizeWithCapture" } else { "Authorize" };
        payload["paymentDetails"]["paymentIntent"] = intent.into();
    }
    if is_consent { monthly(payload) } else { payload }
}

async fn execute(stage: &Stage, status: Status, case: &mut Case, by_browser: bool, is_consent: bool) {
    if status == Status::PayFail {
        stage.fault("finalizeCheckoutSession", 1, json!({"simulation_code": "HardDeclined"})).await;
    }
    let mut fields = BTreeMap::from([
        ("AccessID", case.access_id.as_str()),
        ("AccessPass", &case.access_pass),
        ("OrderID", &case.order),
        ("AmazonCheckoutSessionID", &case.session),
    ]);
    if by_browser {
        fields.insert("RetURL", "https://shop.example/");
    }
    if is_consent {
        fields.extend([("FrequencyUnit", "Month"), ("FrequencyValue", "1")]);
    }
    let fields: Vec<_> = fields.into_iter().collect();
    let executed = stage.shop().call("ExecTranAmazonpay", &fields).await;
    if by_browser {
        case.token = executed.field("Token");
    }
    match status {
        Status::AuthProcess => assert_eq!(make(stage, Call::Start, case).await, ""),
        Status::Sales => assert_eq!(make(stage, Call::Sales, case).await, ""),
        Status::Cancel | Status::ReqReturn | Status::Return => assert_eq!(make(stage, Call::Cancel, case).await, ""),
        Status::Expired => stage.clock.advance(3 * MINUTE),
        Status::Register | Status::End => {
            register(stage, case).await;
            if status == Status::End {
                assert_eq!(make(stage, Call::CloseChargePermission, case).await, "");
            }
        }
        _ => {}
    }
    if status == Status::Return {
        stage.clock.advance(10 * MINUTE);
    }
    if matches!(status, Status::Return | Status::Expired) {
        stage.reconcile().await;
    }
}

/// The buyer agrees to a consent.
async fn register(stage: &Stage, case: &mut Case) {
    let url = format!("{}/payment/AmazonpayStart.idPass", stage.gateway_url);
    let start = stage.browser.start(&url, &case.access_id, &case.token).await;
    let back = stage.browser.press(&start.location.unwrap(), "pay", &[]).await;
    let form = stage.browser.come_back(&back.replace(GATEWAY, &stage.gateway_url)).await;
    case.permission = Some(form.field("AmazonChargePermissionID").to_owned());
}
