//! What is wrong with who asks, or with what is asked for.

use super::{ENTRY, enter_with, id_pass, json};
use crate::support::{Order, ShopClient, Stage};

#[tokio::test]
async fn a_shop_that_is_not_the_one_it_says_learns_nothing_else() {
    let stage = Stage::new().await;
    let with = |shop_id: &str, shop_pass: &str| ShopClient {
        shop_id: shop_id.to_owned(),
        shop_pass: shop_pass.to_owned(),
        ..stage.shop().clone()
    };
    let wrong_pass = with("tshop00000001", "demoshop1pasS");
    let bad = [("OrderID", "not_an_order"), ("JobCd", "CHECK"), ("Amount", "x")];
    for stranger in [&wrong_pass, &with("tshop99999999", "demoshop1pass"), &with("tshop00000001", "demoshop2pass")] {
        for fields in [&ENTRY[..], &bad] {
            let answer = stranger.call("EntryTranAmazonpay", fields).await;
            assert_eq!(id_pass(&answer), "ErrCode=M01&ErrInfo=M01002002");
        }
    }
    let answer = wrong_pass.call_json("EntryTranAmazonpay", &ENTRY).await;
    assert_eq!(json(&answer), (400, r#"[{"errCode":"M01","errInfo":"M01002002"}]"#));
    let malformed = with("tshop", "päss");
    assert_eq!(malformed.call("EntryTranAmazonpay", &ENTRY).await.errors(), "M01002008|M01003008");
}

#[tokio::test]
async fn a_shop_that_says_nothing_of_itself() {
    let stage = Stage::new().await;
    let nobody = ShopClient { shop_id: String::new(), shop_pass: String::new(), ..stage.shop().clone() };
    let answer = nobody.call("EntryTranAmazonpay", &ENTRY).await;
    assert_eq!(id_pass(&answer), "ErrCode=M01|M01&ErrInfo=M01002001|M01003001");
    let answer = nobody.call_json("EntryTranAmazonpay", &ENTRY).await;
    let errors = r#"[{"errCode":"M01","errInfo":"M01002001"},{"errCode":"M01","errInfo":"M01003001"}]"#;
    assert_eq!(json(&answer), (400, errors));
    let pass_only = ShopClient { shop_id: String::new(), ..stage.shop().clone() };
    assert_eq!(
        pass_only.call("EntryTranAmazonpay", &[("JobCd", "X")]).await.errors(),
        "M01002001|M01004001|M01054010|M01005001|M01901001"
    );
}

#[tokio::test]
async fn faults_come_together_in_the_order_of_the_fields() {
    let stage = Stage::new().await;
    let answer = enter_with(
        &stage,
        &[
            ("OrderID", "order_123456789012345678901234"),
            ("JobCd", "CHECK"),
            ("Amount", "1,980"),
            ("Tax", "12345678"),
            ("AmazonpayType", "1"),
            ("PaymentType", "9"),
            ("Version", "1234"),
        ],
    )
    .await;
    assert_eq!(answer.errors(), "M01004012|M01004013|M01054010|M01005006|M01006005|M01901002|M01910002|M01001005");
    let codes = answer.field("ErrCode");
    assert_eq!(codes, ["M01"; 8].join("|"));
    let nothing = stage.shop().call("EntryTranAmazonpay", &[]).await;
    assert_eq!(nothing.errors(), "M01004001|M01054001|M01005001|M01901001");
    for (amount, tax, code) in [("9999999", "1", "M01005011"), ("-1", "", "M01005006"), ("12345678", "", "M01005005")] {
        assert_eq!(enter_with(&stage, &[("Amount", amount), ("Tax", tax)]).await.errors(), code);
    }
    assert_eq!(enter_with(&stage, &[]).await.errors(), "");
}

#[tokio::test]
async fn an_order_id_is_used_once_for_ever() {
    let stage = Stage::new().await;
    assert_eq!(enter_with(&stage, &[]).await.errors(), "");
    assert_eq!(id_pass(&enter_with(&stage, &[("Amount", "5")]).await), "ErrCode=M01&ErrInfo=M01004010");
    // Another shop has its own numbers.
    assert_eq!(stage.other_shop().call("EntryTranAmazonpay", &ENTRY).await.errors(), "");
    let (_, page) = stage.at_amazon(Order::auth("failed")).await;
    stage.browser.come_back(&stage.browser.press(&page, "cancel", &[]).await).await;
    assert_eq!(enter_with(&stage, &[("OrderID", "failed")]).await.errors(), "M01004010");
}

#[tokio::test]
async fn a_transaction_is_named_by_its_pair() {
    let stage = Stage::new().await;
    let mut entered = stage.entered(Order::auth("order-1")).await;
    let mut other = stage.entered(Order::auth("order-2")).await;
    let right = entered.clone();

    entered.access_pass = "0".repeat(32);
    assert_eq!(id_pass(&entered.exec(stage.shop()).await), "ErrCode=M01&ErrInfo=M01058002");
    assert_eq!(entered.sell(stage.shop(), "1", "").await.errors(), "M01058002");
    entered.access_pass.clone_from(&other.access_pass);
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01058002");
    entered.access_pass = "short".to_owned();
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01008008|M01058002");
    entered.access_id = "!".repeat(32);
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01007008|M01008008|M01058002");
    (entered.access_id, entered.access_pass) = (String::new(), String::new());
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01007001|M01008001");

    // Somebody else's pair, and the right pair of another order.
    assert_eq!(right.exec(stage.other_shop()).await.errors(), "M01058010");
    other.order = "order-1";
    assert_eq!(other.exec(stage.shop()).await.errors(), "M01004002");
    assert_eq!(other.sell(stage.shop(), "", "x").await.errors(), "M01005001|M01006006|M01004002");
    assert_eq!(right.exec(stage.shop()).await.errors(), "");
    assert_eq!(right.exec(stage.shop()).await.errors(), "M01004014");
    let json_answer = stage.shop().call_json("ExecTranAmazonpay", &right.exec_fields()).await;
    assert_eq!(json(&json_answer), (400, r#"[{"errCode":"M01","errInfo":"M01004014"}]"#));
}

#[tokio::test]
async fn exec_tran_wants_what_it_needs() {
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    let exec = async |changes: &[(&str, &str)]| {
        let mut fields = entered.exec_fields();
        fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        fields.extend_from_slice(changes);
        stage.shop().call("ExecTranAmazonpay", &fields).await.errors()
    };
    let long = "é".repeat(256);
    let url = format!("https://shop.example/{}", "a".repeat(2048));
    for (name, text, code) in [
        ("AmazonCheckoutSessionID", "", "M01902001"),
        ("AmazonCheckoutSessionID", "../../x", "M01902008"),
        ("RetURL", "ftp://shop.example/", "M01059008"),
        ("RetURL", "javascript:alert(1)", "M01059008"),
        ("RetURL", &url, "M01059005"),
        ("PaymentTermSec", "0", "M01048011"),
        ("PaymentTermSec", "86401", "M01048011"),
        ("PaymentTermSec", "100000", "M01048005|M01048011"),
        ("PaymentTermSec", "1m", "M01048006"),
        ("Description", &long, "M01904012"),
        ("ClientField1", "a|b", "M01039013"),
        ("ClientField2", &"a".repeat(101), "M01040012"),
        ("ClientField3", "<b>", "M01041013"),
        ("AmazonChargePermissionID", "P03-1", "M01911010"),
    ] {
        assert_eq!(exec(&[(name, text)]).await, code, "{name}={text}");
    }
    assert_eq!(stage.amazon_saw("updateCheckoutSession").await.len(), 0);
    assert_eq!(exec(&[("Description", "ありがとうございます")]).await, "");
}

#[tokio::test]
async fn searches_that_find_nothing() {
    let stage = Stage::new().await;
    let search = async |fields: &[(&str, &str)]| stage.shop().call("SearchTradeMulti", fields).await.errors();
    assert_eq!(search(&[("OrderID", "nobody"), ("PayType", "38")]).await, "M01004002");
    assert_eq!(search(&[("OrderID", "null"), ("PayType", "null")]).await, "M01051005|M01051011|M01004002");
    assert_eq!(search(&[("OrderID", "nobody"), ("PayType", "0")]).await, "M01051011|M01004002");
    assert_eq!(search(&[]).await, "M01004001|M01051001");
    assert_eq!(enter_with(&stage, &[]).await.errors(), "");
    assert_eq!(search(&[("OrderID", "order-1")]).await, "M01051001");
    let other = stage.other_shop().call("SearchTradeMulti", &[("OrderID", "order-1"), ("PayType", "38")]).await;
    assert_eq!(other.errors(), "M01004002");

    let address = async |fields: &[(&str, &str)]| stage.shop().call("SearchAddressAmazonpay", fields).await.errors();
    assert_eq!(address(&[]).await, "M01902001");
    assert_eq!(address(&[("AmazonCheckoutSessionID", "x"), ("OrderID", "order-1")]).await, "M01911010");
    assert_eq!(address(&[("OrderID", "order-1")]).await, "M01054004");
    assert_eq!(address(&[("OrderID", "nobody")]).await, "M01004002");
    assert_eq!(address(&[("AmazonCheckoutSessionID", "no-such-session")]).await, "AZ1000007");
    let fields = [("AmazonCheckoutSessionID", "no-such-session")];
    let answer = stage.shop().call_json("SearchAddressAmazonpay", &fields).await;
    assert_eq!(json(&answer), (502, r#"[{"errCode":"AZ1","errInfo":"AZ1000007"}]"#));
    // Another shop's session is as unknown as any.
    let session = stage.entered(Order::auth("order-3")).await.session;
    let answer = stage.other_shop().call("SearchAddressAmazonpay", &[("AmazonCheckoutSessionID", &session)]).await;
    assert_eq!(answer.errors(), "AZ1000007");
}
