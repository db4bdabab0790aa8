//! One purchase by the pages alone, each sent as it proposes itself.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::tester::{DOLLAR_SHOP, Page, Tester, YEN_SHOP};

const OLD: &str = "AMZN-PAY-RSASSA-PSS";
const V2: &str = "AMZN-PAY-RSASSA-PSS-V2";

/// Sends what the page proposes and holds the answer against the status of success.
async fn drives(tester: &Tester, name: &str, algorithm: &str, status: &str) -> Page {
    let page = tester.drive(name, algorithm).await;
    assert_eq!(page.status, 200, "{name}: {}", page.html);
    assert_eq!(page.answered(), status, "{name}: {}", page.html);
    assert_eq!(page.notes(), Vec::<String>::new(), "{name}");
    shows_how_it_was_signed(&page, name, algorithm);
    page
}

/// Request, canonical request, string to sign and header belong together.
fn shows_how_it_was_signed(page: &Page, name: &str, algorithm: &str) {
    let (canonical, to_sign) = (page.text("canonical"), page.text("string-to-sign"));
    let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
    assert_eq!(to_sign, format!("{algorithm}\n{digest}"), "{name}");
    let authorization = page.text("authorization");
    assert!(authorization.starts_with(&format!("{algorithm} PublicKeyId=SANDBOX-TESTDRIVER-A1")), "{authorization}");
    let request = page.text("request");
    assert!(request.contains(&format!("\nauthorization: {authorization}\n")), "{request}");
    let (line, canonical_path) = (request.lines().next().unwrap(), canonical.lines().nth(1).unwrap());
    assert!(line.contains(&format!(" {canonical_path} HTTP/1.1")), "{line}");
    assert!(page.text("answer-headers").contains("x-amz-pay-request-id: "));
}

/// The order in which the steps become possible; those of the buyer are played in the ledger.
async fn purchase(tester: &Tester, algorithm: &str, [first, rest]: [&str; 2]) {
    let created = drives(tester, "createCheckoutSession", algorithm, "201").await;
    let session_id = created.told("checkoutSessionId");
    assert_eq!(created.step("sign-in"), format!("/checkout/sign-in?amazonCheckoutSessionId={session_id}"));
    assert_eq!(tester.open("getCheckoutSession").await.proposed("id"), session_id);
    drives(tester, "getCheckoutSession", algorithm, "200").await;
    let updated = drives(tester, "updateCheckoutSession", algorithm, "200").await;
    assert!(updated.steps().iter().all(|(name, _)| name != "pay"), "nobody has signed in");
    tester.choose(&session_id);
    let updated = drives(tester, "updateCheckoutSession", algorithm, "200").await;
    assert_eq!(updated.step("pay"), format!("/checkout/processing?amazonCheckoutSessionId={session_id}"));
    tester.pay(&session_id);

    let completed = drives(tester, "completeCheckoutSession", algorithm, "200").await;
    let (permission_id, first_charge) = (completed.told("chargePermissionId"), completed.told("chargeId"));
    assert!(completed.step("captureCharge").ends_with(&format!("&id={first_charge}")));
    drives(tester, "getChargePermission", algorithm, "200").await;
    let renamed = drives(tester, "updateChargePermission", algorithm, "200").await;
    assert_eq!(renamed.body()["merchantMetadata"]["merchantStoreName"], "関所商店 <b>&</b>");

    let page = tester.open("createCharge").await;
    assert_eq!(page.proposed_body()["chargeAmount"]["amount"], rest, "what is left of the order");
    let second_charge = drives(tester, "createCharge", algorithm, "201").await.told("chargeId");
    assert_eq!(drives(tester, "getCharge", algorithm, "200").await.told("chargeId"), second_charge);
    let captured = drives(tester, "captureCharge", algorithm, "200").await;
    assert_eq!(
        (captured.told("chargeId"), captured.body()["captureAmount"]["amount"].as_str()),
        (second_charge, Some(rest))
    );
    drives(tester, "createRefund", algorithm, "201").await;
    drives(tester, "getRefund", algorithm, "200").await;
    let canceled = drives(tester, "cancelCharge", algorithm, "200").await;
    assert_eq!(
        (canceled.told("chargeId"), canceled.body()["chargeAmount"]["amount"].as_str()),
        (first_charge, Some(first))
    );
    let closed = drives(tester, "closeChargePermission", algorithm, "200").await;
    assert_eq!(closed.told("chargePermissionId"), permission_id);
    assert_eq!(closed.body()["statusDetails"]["state"], "Closed");
}

#[tokio::test]
async fn every_page_works_as_it_stands_with_both_algorithms_and_in_both_currencies() {
    for (merchant_id, algorithm, amounts) in [(YEN_SHOP, OLD, ["1000", "2000"]), (DOLLAR_SHOP, V2, ["10.00", "20.00"])]
    {
        let tester = Tester::new().of(merchant_id);
        purchase(&tester, algorithm, amounts).await;
        let received = tester.received().await;
        assert_eq!(received.len(), 14, "each page has sent one request, and one of them two");
        assert!(received.iter().all(|(_, status, merchant)| *status < 300 && merchant == merchant_id), "{received:?}");
    }
}

#[tokio::test]
async fn the_button_of_the_sign_in_page_opens_a_session() {
    let tester = Tester::new();
    for algorithm in [OLD, V2] {
        let page = tester.open("signin").await;
        let signed = tester.send("signin", &page, &[("algorithm", algorithm), ("productType", "PayOnly")]).await;
        assert_eq!(signed.status, 200);
        let digest = hex::encode(Sha256::digest(signed.text("payload").as_bytes()));
        assert_eq!(signed.text("string-to-sign"), format!("{algorithm}\n{digest}"));
        assert!(signed.html.contains(r#"<script src="/checkout.js" defer>"#));
        let button = signed.form("plain-button");
        let said = |name: &str| button.iter().find(|(field, _)| field == name).unwrap().1.clone();
        assert_eq!((said("productType"), said("signature")), ("PayOnly".to_owned(), signed.text("signature")));
        let opened = tester.post("/checkout/initiate", &button).await;
        assert_eq!(opened.status, 303, "{}", opened.html);
        let location = opened.headers["location"].to_str().unwrap();
        assert!(location.starts_with("/checkout/sign-in?amazonCheckoutSessionId="), "{location}");
    }
}

#[tokio::test]
async fn the_result_page_reads_the_session_and_leads_on() {
    let tester = Tester::new();
    let session_id = tester.drive("createCheckoutSession", V2).await.told("checkoutSessionId");
    tester.choose(&session_id);
    let address = format!("/driver/resultPage?amazonCheckoutSessionId={session_id}");
    let page = tester.get(&address).await;
    assert_eq!((page.status, page.answered().as_str()), (200, "200"));
    assert_eq!(page.told("checkoutSessionId"), session_id);
    assert!(page.html.contains(r#"id="change-address""#) && page.steps().is_empty(), "{:?}", page.steps());
    let update = format!(r#"href="/driver/updateCheckoutSession?merchant={YEN_SHOP}&#38;id={session_id}""#);
    assert!(page.html.contains(&update), "{}", page.html);

    tester.drive("updateCheckoutSession", V2).await;
    assert_eq!(
        tester.get(&address).await.step("pay"),
        format!("/checkout/processing?amazonCheckoutSessionId={session_id}")
    );
    tester.pay(&session_id);
    let charge_id = tester.drive("completeCheckoutSession", V2).await.told("chargeId");
    tester.drive("captureCharge", V2).await;
    let refund_id = tester.drive("createRefund", V2).await.told("refundId");
    // Whichever merchant the address names: the session says whose it is.
    let page = tester.get(&format!("{address}&merchant={DOLLAR_SHOP}")).await;
    for id in [charge_id, refund_id] {
        assert!(page.html.contains(&format!("<code>{id}</code>")), "{id}");
    }
    assert!(page.html.contains(&format!(r#"data-page="createRefund" href="/driver/createRefund?merchant={YEN_SHOP}"#)));
}

#[tokio::test]
async fn a_key_is_fresh_each_time_and_the_old_one_can_be_sent_again() {
    let tester = Tester::new();
    let page = tester.open("createCheckoutSession").await;
    let key = page.proposed("idempotency_key");
    assert_eq!(key.len(), 32);
    assert_ne!(tester.open("createCheckoutSession").await.proposed("idempotency_key"), key);
    let first = tester.send("createCheckoutSession", &page, &[]).await;
    assert!(first.html.contains(&format!(r#"name="resend" value="{key}""#)));
    assert_ne!(first.proposed("idempotency_key"), key);

    let again = tester.send("createCheckoutSession", &first, &[("resend", &key)]).await;
    assert_eq!(again.told("checkoutSessionId"), first.told("checkoutSessionId"), "replayed");
    let other = tester.send("createCheckoutSession", &first, &[]).await;
    assert_ne!(other.told("checkoutSessionId"), first.told("checkoutSessionId"));
    let body = first.proposed("body").replace("OneTime", "Recurring");
    let changed = tester.send("createCheckoutSession", &first, &[("resend", &key), ("body", &body)]).await;
    assert_eq!((changed.answered().as_str(), changed.told("reasonCode").as_str()), ("400", "DuplicateIdempotencyKey"));
    assert_eq!(changed.steps()[0].0, "again");
}

#[tokio::test]
async fn amounts_follow_what_is_left() {
    let tester = Tester::new();
    let charge_id = tester.buy(V2).await;
    let part = json!({"captureAmount": {"amount": "700", "currencyCode": "JPY"}}).to_string();
    assert_eq!(tester.change("captureCharge", &[("body", &part)]).await.answered(), "200");
    let refund =
        |amount: &str| json!({"chargeId": charge_id, "refundAmount": {"amount": amount, "currencyCode": "JPY"}});
    assert_eq!(tester.open("createRefund").await.proposed_body(), refund("700"));
    assert_eq!(tester.change("createRefund", &[("body", &refund("200").to_string())]).await.answered(), "201");
    assert_eq!(tester.open("createRefund").await.proposed_body(), refund("500"));
    assert_eq!(tester.drive("createRefund", V2).await.answered(), "201");
    assert!(tester.open("createRefund").await.find("lack").is_some(), "all is given back");
    assert_eq!(tester.open("createCharge").await.proposed_body()["chargeAmount"]["amount"], "2300");
    // An authorization that would stay behind is cancelled with the permission.
    assert_eq!(tester.open("closeChargePermission").await.proposed_body()["cancelPendingCharges"], false);
    tester.drive("createCharge", V2).await;
    assert_eq!(tester.open("closeChargePermission").await.proposed_body()["cancelPendingCharges"], true);
}

#[tokio::test]
async fn each_page_offers_the_codes_of_its_operation_and_they_work() {
    let tester = Tester::new();
    tester.buy(V2).await;
    let page = tester.open("captureCharge").await;
    assert!(page.html.contains("<option>PendingHardDeclined</option>"));
    assert!(!tester.open("getCharge").await.html.contains("<option>PendingHardDeclined</option>"));
    let refused = tester.send("captureCharge", &page, &[("simulation_code", "AmazonRejected")]).await;
    assert_eq!((refused.answered().as_str(), refused.told("reasonCode").as_str()), ("422", "AmazonRejected"));
    assert!(refused.text("canonical").contains("\nx-amz-pay-simulation-code:AmazonRejected\n"), "it is signed");
    assert_eq!(refused.proposed("simulation_code"), "AmazonRejected", "stays chosen");
    let unknown = tester.send("captureCharge", &page, &[("simulation_code", "Nonsense")]).await;
    assert_eq!(unknown.told("reasonCode"), "InvalidSandboxSimulationSpecified");
}

#[tokio::test]
async fn what_one_merchant_has_is_not_proposed_to_another() {
    let tester = Tester::new();
    let charge_id = tester.buy(V2).await;
    let other = tester.of(DOLLAR_SHOP);
    for name in ["getCheckoutSession", "getChargePermission", "getCharge", "captureCharge"] {
        let page = other.open(name).await;
        assert_eq!(page.proposed("id"), "", "{name}");
        assert!(page.find("lack").is_some(), "{name}");
    }
    let page = other.get(&format!("/driver/captureCharge?merchant={DOLLAR_SHOP}&id={charge_id}")).await;
    assert_eq!(page.proposed("id"), charge_id, "as it was asked for");
    let sent = other.send("captureCharge", &page, &[]).await;
    assert_eq!((sent.answered().as_str(), sent.told("reasonCode").as_str()), ("404", "ResourceNotFound"));
    let page = other.get(&format!("/driver/createRefund?merchant={DOLLAR_SHOP}&id={charge_id}")).await;
    assert_eq!(page.proposed_body()["chargeId"], charge_id.as_str());
}

#[tokio::test]
async fn two_testers_at_once_share_the_key_that_is_made_first() {
    let tester = Tester::new();
    let page = tester.open("createCheckoutSession").await;
    let other = tester.open("createCheckoutSession").await;
    let (one, two) = tokio::join!(
        tester.send("createCheckoutSession", &page, &[]),
        tester.send("createCheckoutSession", &other, &[("algorithm", OLD)])
    );
    assert_eq!((one.answered(), two.answered()), ("201".to_owned(), "201".to_owned()));
}

#[tokio::test]
async fn pages_speak_japanese_and_on_request_english() {
    let tester = Tester::new();
    let page = tester.get("/driver/captureCharge").await;
    assert!(page.html.contains(r#"<html lang="ja">"#) && page.html.contains("署名して送る"));
    let page = tester.get("/driver/captureCharge?lang=en").await;
    assert!(page.html.contains(r#"<html lang="en">"#) && page.html.contains("Sign and send"));
    assert!(page.headers["set-cookie"].to_str().unwrap().contains("=en;"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let index = tester.get("/driver/").await;
    for name in ["signin", "resultPage", "createCheckoutSession", "getRefund", "closeChargePermission"] {
        assert!(index.html.contains(&format!(r#"href="/driver/{name}?merchant={YEN_SHOP}""#)), "{name}");
    }
    assert_eq!(tester.get("/driver").await.status, 200);
    assert!(tester.get("/driver/driver.js").await.html.contains("renderButton"));
}
