//! One-time payments from the entry to the money, and what a shop, a buyer or the clock may do wrong on the way.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{DAY, MINUTE, Order, Ready, ResultForm, ShopClient, Stage, result_form};

/// The check string by its definition (psp-protocol 8), not by the gateway's code.
fn check_string(shop: &ShopClient, order: &str, access_id: &str, permission: &str) -> String {
    let ShopClient { shop_id, shop_pass, .. } = shop;
    hex::encode(Sha256::digest(format!("{order}{access_id}{shop_id}{shop_pass}{permission}")))
}

fn names(form: &ResultForm) -> Vec<&str> {
    form.fields.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn authorised_then_sold() {
    let stage = Stage::new().await;
    let (entered, form) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(form.outcome(), ("AUTH", ""));
    assert_eq!(form.ret_url, "https://shop.example/result?cart=1&x=%E3%81%82");
    assert_eq!(stage.moved("captured").await, [] as [i64; 0]);

    let sold = entered.sell(stage.shop(), "1980", "198").await;
    assert_eq!(sold.text(), "OrderID=order-1&Status=SALES&Amount=1980&Tax=198");
    assert_eq!(stage.moved("captured").await, [2178]);
    assert_eq!(stage.shop().status("order-1").await, "SALES");
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES"]);
}

#[tokio::test]
async fn captured_at_once() {
    let stage = Stage::new().await;
    let (entered, form) = stage.paid(Order::capture("order-1")).await;
    assert_eq!(form.outcome(), ("CAPTURE", ""));
    assert_eq!(stage.moved("captured").await, [2178]);
    assert_eq!(stage.shop().status("order-1").await, "CAPTURE");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "M01054004");
}

#[tokio::test]
async fn the_result_form_of_a_success_and_of_a_failure() {
    let stage = Stage::new().await;
    let fields =
        ["ShopID", "OrderID", "Status", "TranDate", "AmazonChargePermissionID", "CheckString", "ErrCode", "ErrInfo"];
    let (entered, form) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(names(&form), fields);
    assert_eq!((form.field("ShopID"), form.field("OrderID")), ("tshop00000001", "order-1"));
    assert_eq!(form.field("TranDate"), "20261123031000");
    let permission = form.field("AmazonChargePermissionID");
    assert!(permission.starts_with("S01-") || permission.starts_with("S03-"), "{permission}");
    assert_eq!(form.field("CheckString"), check_string(stage.shop(), "order-1", &entered.access_id, permission));

    let (entered, page) = stage.at_amazon(Order::auth("order-2")).await;
    let form = stage.browser.come_back(&stage.browser.press(&page, "cancel", &[]).await).await;
    assert_eq!(names(&form), fields);
    assert_eq!(form.outcome(), ("PAYFAIL", "AZ1000001"));
    assert_eq!((form.field("ErrCode"), form.field("AmazonChargePermissionID")), ("AZ1", ""));
    assert_eq!(form.field("CheckString"), check_string(stage.shop(), "order-2", &entered.access_id, ""));
}

#[tokio::test]
async fn cancelled_or_declined_at_amazon_is_final() {
    let stage = Stage::new().await;
    let (cancelled, page) = stage.at_amazon(Order::auth("cancelled")).await;
    let back = stage.browser.press(&page, "cancel", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("PAYFAIL", "AZ1000001"));
    for (id, card, code) in [("declined", "card-3434", "AZ1000003"), ("given-up", "card-3064", "AZ1000001")] {
        let (_, form) = stage.paid(Order { card, ..Order::auth(id) }).await;
        assert_eq!(form.outcome(), ("PAYFAIL", code));
    }
    assert_eq!(cancelled.exec(stage.shop()).await.errors(), "M01004014");
    assert_eq!(cancelled.sell(stage.shop(), "1980", "198").await.errors(), "M01054004");
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
    stage.receiver.wait_for(3).await;
    assert_eq!(stage.receiver.statuses(), ["PAYFAIL", "PAYFAIL", "PAYFAIL"]);
}

#[tokio::test]
async fn a_start_token_works_once() {
    let stage = Stage::new().await;
    let ready = stage.ready(Order::auth("order-1")).await;
    let (url, id) = (&ready.start_url, &ready.entered.access_id);
    for wrong in ["x".repeat(64), String::new(), "<script>".to_owned()] {
        let page = stage.browser.start(url, id, &wrong).await;
        assert_eq!(page.status, 400);
        assert!(page.windows_31j().contains("M01074090"), "{wrong}");
    }
    let unknown = stage.browser.start(url, &"0".repeat(32), &ready.token).await;
    assert_eq!((unknown.status, unknown.content_type.as_str()), (400, "text/html;charset=Windows-31J"));

    let first = stage.browser.start(url, id, &ready.token).await;
    assert_eq!(first.status, 302);
    assert!(first.location.unwrap().starts_with(&stage.browser.sandbox_url));
    let again = stage.browser.start(url, id, &ready.token).await;
    assert_eq!((again.status, again.location.clone()), (400, None));
    assert!(again.windows_31j().contains("M01074090"));
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
}

#[tokio::test]
async fn a_token_whose_plus_signs_became_spaces_is_taken() {
    let stage = Stage::new().await;
    for id in ["order-1", "order-2", "order-3", "order-4", "order-5", "order-6", "order-7", "order-8"] {
        let ready = stage.ready(Order::auth(id)).await;
        if ready.token.contains('+') {
            let mangled = ready.token.replace('+', " ");
            assert_eq!(stage.browser.start(&ready.start_url, &ready.entered.access_id, &mangled).await.status, 302);
            return;
        }
    }
    panic!("eight tokens without a plus sign: choose another seed");
}

#[tokio::test]
async fn starting_needs_a_post() {
    let stage = Stage::new().await;
    let page = stage.browser.get(&format!("{}/payment/AmazonpayStart.idPass", stage.gateway_url)).await;
    assert_eq!(page.status, 405);
    assert!(page.windows_31j().contains("E31500014"));
}

#[tokio::test]
async fn who_sets_out_too_late_is_sent_back_to_the_shop() {
    let stage = Stage::new().await;
    let in_time = stage.ready(Order::auth("in-time")).await;
    let late = stage.ready(Order::auth("late")).await;
    stage.clock.advance(2 * MINUTE);
    let answer = stage.browser.start(&in_time.start_url, &in_time.entered.access_id, &in_time.token).await;
    assert_eq!(answer.status, 302, "the very last moment");
    stage.clock.advance(1);
    let page = stage.browser.start(&late.start_url, &late.entered.access_id, &late.token).await;
    let form = result_form(&page);
    assert_eq!(form.outcome(), ("EXPIRED", "M01052011"));
    assert_eq!(form.ret_url, "https://shop.example/result?cart=1&x=%E3%81%82");
    assert_eq!(form.field("CheckString"), check_string(stage.shop(), "late", &late.entered.access_id, ""));
    assert_eq!(stage.shop().status("late").await, "EXPIRED");
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["EXPIRED"]);
}

/// Who looks first, the buyer or reconcile, makes no difference (psp-protocol 5.3).
#[tokio::test]
async fn who_comes_after_the_sweep_is_sent_back_to_the_shop_as_well() {
    let stage = Stage::new().await;
    let in_time = stage.ready(Order::auth("in-time")).await;
    let late = stage.ready(Order::auth("late")).await;
    let away = stage.ready(Order::auth("away")).await;
    let start =
        async |ready: &Ready| stage.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await;
    assert_eq!(start(&away).await.status, 302);
    stage.clock.advance(2 * MINUTE);
    stage.reconcile().await;
    assert_eq!(start(&in_time).await.status, 302, "the very last moment is one for both");
    stage.clock.advance(1);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("late").await, "EXPIRED");
    let before = stage.transaction(&late.entered.access_id).await;
    for _ in 0..2 {
        let form = result_form(&start(&late).await);
        assert_eq!(form.outcome(), ("EXPIRED", "M01052011"));
        assert_eq!(form.ret_url, "https://shop.example/result?cart=1&x=%E3%81%82");
    }
    assert_eq!(stage.transaction(&late.entered.access_id).await, before, "and nothing else comes of it");
    let wrong = stage.browser.start(&late.start_url, &late.entered.access_id, &away.token).await;
    assert!(wrong.status == 400 && wrong.windows_31j().contains("M01074090"), "only who has the Token is told");
    stage.clock.advance(61 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("away").await, "EXPIRED");
    assert!(start(&away).await.windows_31j().contains("M01074090"), "a Token that was used");
    stage.receiver.wait_for(3).await;
    assert_eq!(stage.receiver.statuses(), ["EXPIRED", "EXPIRED", "EXPIRED"]);
}

#[tokio::test]
async fn the_shop_says_how_long_the_token_lives() {
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    let mut fields = entered.exec_fields();
    fields.push(("PaymentTermSec", "3600"));
    let answer = stage.shop().call("ExecTranAmazonpay", &fields).await;
    assert_eq!(answer.field("StartLimitDate"), "20261123041000");
    stage.clock.advance(59 * MINUTE);
    let (url, token) = (answer.field("StartURL"), answer.field("Token"));
    assert_eq!(stage.browser.start(&url, &entered.access_id, &token).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_may_come_often_and_at_once() {
    let stage = Stage::new().await;
    let (_, back) = stage.agreed(Order::auth("order-1")).await;
    let at_once = (0..5).map(|_| {
        let (browser, back) = (stage.browser.clone(), back.clone());
        tokio::spawn(async move { browser.come_back(&back).await })
    });
    let mut forms = Vec::new();
    for task in at_once.collect::<Vec<_>>() {
        forms.push(task.await.unwrap());
    }
    forms.push(stage.browser.come_back(&back).await);
    assert_eq!(forms[0].outcome(), ("AUTH", ""));
    assert!(forms.iter().all(|form| *form == forms[0]), "{forms:?}");
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 1);
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH"]);
}

#[tokio::test]
async fn a_return_with_another_session_changes_nothing() {
    let stage = Stage::new().await;
    let (mine, back) = stage.agreed(Order::auth("order-1")).await;
    let other = stage.entered(Order::auth("order-2")).await;
    let base = format!("{}/payment/AmazonpayReturn", stage.gateway_url);
    let wrong = [
        format!("{base}/{}?amazonCheckoutSessionId={}", mine.access_id, other.session),
        format!("{base}/{}?amazonCheckoutSessionId=", mine.access_id),
        format!("{base}/{}", mine.access_id),
        format!("{base}/{}?amazonCheckoutSessionId={}", "0".repeat(32), mine.session),
        format!("{base}/x?amazonCheckoutSessionId={}", mine.session),
        format!("{base}/%FF?amazonCheckoutSessionId={}", mine.session),
        format!("{base}/{}?amazonCheckoutSessionId={}", other.access_id, other.session),
    ];
    for url in wrong {
        let page = stage.browser.get(&url).await;
        assert_eq!(page.status, 404, "{url}");
        assert!(page.windows_31j().contains("M01058002"), "{url}");
    }
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 0);
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
}

#[tokio::test]
async fn a_return_before_the_buyer_agreed_is_no_payment_and_no_end() {
    let stage = Stage::new().await;
    let (entered, at_amazon) = stage.at_amazon(Order::auth("order-1")).await;
    let url = format!(
        "{}/payment/AmazonpayReturn/{}?amazonCheckoutSessionId={}",
        stage.gateway_url, entered.access_id, entered.session
    );
    let form = stage.browser.come_back(&url).await;
    assert_eq!(form.outcome(), ("AUTHPROCESS", ""));
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);

    let back = stage.browser.press(&at_amazon, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
}

#[tokio::test]
async fn what_may_be_sold() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(entered.sell(stage.shop(), "1981", "198").await.errors(), "M01055011");
    assert_eq!(entered.sell(stage.shop(), "9999999", "1").await.errors(), "M01005011");
    assert_eq!(entered.sell(stage.shop(), "0", "0").await.errors(), "M01005011");
    assert_eq!(stage.amazon_saw("captureCharge").await.len(), 0);
    let sold = entered.sell(stage.shop(), "1000", "").await;
    assert_eq!(sold.text(), "OrderID=order-1&Status=SALES&Amount=1000&Tax=0");
    assert_eq!(entered.sell(stage.shop(), "1000", "").await.errors(), "M01054004");
    assert_eq!(stage.moved("captured").await, [1000]);
    let trade = stage.shop().call("SearchTradeMulti", &[("OrderID", "order-1"), ("PayType", "38")]).await;
    assert_eq!((trade.field("Amount"), trade.field("Tax")), ("1000".to_owned(), "0".to_owned()));
}

#[tokio::test]
async fn a_shop_may_insist_on_the_whole_amount() {
    let stage = Stage::with(|plan| plan.shops[0].sales_amount_must_match = true).await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(entered.sell(stage.shop(), "1979", "198").await.errors(), "M01055010");
    // The total counts, not its parts.
    assert_eq!(entered.sell(stage.shop(), "2178", "0").await.field("Status"), "SALES");
}

#[tokio::test]
async fn an_authorisation_lasts_thirty_days() {
    let stage = Stage::new().await;
    let (first, _) = stage.paid(Order::auth("order-1")).await;
    stage.clock.advance(30 * DAY + 1);
    assert_eq!(first.sell(stage.shop(), "1980", "198").await.errors(), "M01098010");
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    assert_eq!(stage.amazon_saw("captureCharge").await.len(), 0);
}

#[tokio::test]
async fn a_shop_that_is_switched_off_is_told_so() {
    let stage = Stage::with(|plan| plan.shops[0].enabled = false).await;
    let fields = [("OrderID", "a"), ("JobCd", "AUTH"), ("Amount", "1"), ("AmazonpayType", "3")];
    assert_eq!(stage.shop().call("EntryTranAmazonpay", &fields).await.errors(), "E61020001");
    let json = stage.shop().call_json("EntryTranAmazonpay", &fields).await;
    assert_eq!((json.status, json.json()), (400, json!([{"errCode": "E61", "errInfo": "E61020001"}])));
    let stranger = ShopClient { shop_pass: "wrong".to_owned(), ..stage.shop().clone() };
    assert_eq!(stranger.call("EntryTranAmazonpay", &fields).await.errors(), "M01002002");
    assert_eq!(stage.other_shop().call("EntryTranAmazonpay", &fields).await.errors(), "");
}

#[tokio::test]
async fn a_call_that_is_not_in_the_contract_is_refused() {
    let stage = Stage::with(|plan| assert!(plan.shops[0].calls.remove("AmazonpaySales"))).await;
    let (entered, form) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(form.outcome(), ("AUTH", ""));
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "E61030001");
    assert_eq!(stage.amazon_saw("captureCharge").await.len(), 0);
}

#[tokio::test]
async fn a_session_that_amazon_does_not_know_leaves_the_transaction_as_it_was() {
    let stage = Stage::new().await;
    let mut entered = stage.entered(Order::auth("order-1")).await;
    let right = std::mem::replace(&mut entered.session, "00000000-0000-0000-0000-000000000000".to_owned());
    assert_eq!(entered.exec(stage.shop()).await.errors(), "AZ1000007");
    assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");
    entered.session = right;
    assert_eq!(entered.exec(stage.shop()).await.errors(), "");
}

#[tokio::test]
async fn nothing_to_charge_is_refused_at_execution() {
    let stage = Stage::new().await;
    let fields = [("OrderID", "order-1"), ("JobCd", "AUTH"), ("Amount", "0"), ("AmazonpayType", "3")];
    let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let mut entered = stage.entered(Order::auth("order-2")).await;
    entered.order = "order-1";
    (entered.access_id, entered.access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01005011");
}

/// The buyer goes back to the cart and orders anew with the same session: the last order counts.
#[tokio::test]
async fn a_session_pays_the_order_that_was_executed_last() {
    let stage = Stage::new().await;
    let first = stage.ready(Order::auth("order-1")).await;
    let mut second = stage.entered(Order::auth("order-2")).await;
    second.session.clone_from(&first.entered.session);
    let again = second.exec(stage.shop()).await;
    assert_eq!(stage.shop().status("order-1").await, "EXPIRED");
    // A buyer who comes with the first order's Token is told, and goes nowhere else.
    let page = stage.browser.start(&first.start_url, &first.entered.access_id, &first.token).await;
    assert_eq!(result_form(&page).outcome(), ("EXPIRED", "M01052011"));
    let start = stage.browser.start(&again.field("StartURL"), &second.access_id, &again.field("Token")).await;

    // From here on the session is the second order's.
    let mut third = stage.entered(Order::auth("order-3")).await;
    third.session.clone_from(&first.entered.session);
    assert_eq!(third.exec(stage.shop()).await.errors(), "AZ1000007");
    let back = stage.browser.press(&start.location.unwrap(), "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    assert_eq!(third.exec(stage.shop()).await.errors(), "AZ1000007");
    assert_eq!(stage.shop().status("order-3").await, "UNPROCESSED");
    assert_eq!(stage.moved("authorized").await, [2178]);
}
