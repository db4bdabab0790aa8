//! What buyers' browsers are shown, and what is not kept: headers of every page, and card numbers in free text.

use crate::support::{Order, Stage};

#[tokio::test]
async fn every_page_of_a_buyers_is_shut_but_for_what_it_needs() {
    let stage = Stage::new().await;
    let (_, back) = stage.agreed(Order::auth("pages-1")).await;
    let url = |path: &str| format!("{}/{path}", stage.gateway_url);
    for (what, address) in [
        ("result", back),
        ("error", url("payment/AmazonpayStart.idPass")),
        ("unknown", url("payment/AmazonpayReturn/0123456789abcdef0123456789abcdef")),
    ] {
        let page = stage.http.get(&address).send().await.unwrap();
        let header = |name: &str| {
            let value = page.headers().get(name).unwrap_or_else(|| panic!("{what} has no {name}"));
            value.to_str().unwrap().to_owned()
        };
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'sha256-"] {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{what}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_card_number_is_refused_in_free_text_and_nowhere_else() {
    let stage = Stage::new().await;
    let card = "4111111111111111";
    // An order may be called what it likes.
    let fields = [("OrderID", card), ("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198"), ("AmazonpayType", "3")];
    let named = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let (access_id, access_pass) = (named.field("AccessID"), named.field("AccessPass"));
    let entered = stage.entered(Order::auth("pages-2")).await;
    for (field, code) in [
        ("ClientField1", "M01039013"),
        ("ClientField2", "M01040013"),
        ("ClientField3", "M01041013"),
        ("Description", "M01904013"),
    ] {
        for text in [card, "no. 4111-1111-1111-1111", "カード４１１１　１１１１　１１１１　１１１１"]
        {
            let bytes = sekisho::protocol::encoding::encode_windows_31j(text);
            let mut fields: Vec<(&str, &[u8])> =
                entered.exec_fields().into_iter().map(|(name, value)| (name, value.as_bytes())).collect();
            fields.push((field, &bytes));
            let answer = stage.shop().call_bytes("ExecTranAmazonpay", &fields).await;
            assert_eq!(answer.errors(), code, "{field} {text}");
        }
    }
    let mut fields = entered.exec_fields();
    fields[0] = ("AccessID", &access_id);
    fields[1] = ("AccessPass", &access_pass);
    fields[2] = ("OrderID", card);
    fields.extend([("ClientField1", "4901234567894"), ("Description", "2026-11-23 03-1234-5678")]);
    let exec = stage.shop().call("ExecTranAmazonpay", &fields).await;
    assert_eq!(exec.errors(), "", "numbers that are no card's");
}
