//! What ExecTran refuses of additional payment buttons: nothing is kept, nothing is asked of Amazon.

use sekisho::config::Environment;
use serde_json::json;

use super::{ADDRESS, Entry, MONTHLY, PAY_ONLY, RET_URL, permit};
use crate::support::Stage;

#[tokio::test]
async fn every_part_of_the_address_has_its_faults() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let exec = async |address: Vec<(&str, &str)>| {
        let mut fields = vec![("ApbType", "PayAndShip"), RET_URL];
        fields.extend(address);
        entry.exec(stage.shop(), &fields).await.errors()
    };
    let with = |name: &'static str, value| -> Vec<(&str, &str)> {
        ADDRESS.into_iter().map(|(field, old)| (field, if field == name { value } else { old })).collect()
    };
    let long = "あ".repeat(181);
    for (name, _) in ADDRESS {
        let optional = matches!(name, "AddressLine2" | "AddressLine3");
        let without: Vec<_> = ADDRESS.into_iter().filter(|(field, _)| *field != name).collect();
        if !optional {
            assert_eq!(exec(without).await, "M01906001", "without {name}");
            assert_eq!(exec(with(name, "")).await, "M01906001", "blank {name}");
        }
        let too_long = exec(with(name, &long)).await;
        assert!(too_long.split('|').any(|code| code == "M01906005"), "{name}: {too_long}");
        let two_lines = exec(with(name, "a\nb")).await;
        assert!(two_lines.contains("M0190601") || two_lines.contains("M01906008"), "{name}: {two_lines}");
    }
    for (name, value) in [
        ("AddressPostalCode", "１２３"),
        ("AddressPostalCode", "ABC"),
        ("AddressCountryCode", "jp"),
        ("AddressCountryCode", "J1"),
        ("AddressPhoneNumber", "０３"),
        ("AddressPhoneNumber", "ext"),
    ] {
        assert_eq!(exec(with(name, value)).await, "M01906008", "{name}={value}");
    }
    assert_eq!(exec(vec![]).await, "M01906001", "once for all of them");
    assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");
    let optional_blank = ADDRESS
        .into_iter()
        .map(|(name, value)| (name, if matches!(name, "AddressLine2" | "AddressLine3") { "" } else { value }));
    assert_eq!(exec(optional_blank.collect()).await, "");
}

#[tokio::test]
async fn combinations_that_mean_nothing() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let permission = ("AmazonChargePermissionID", "S03-1234567-1234567");
    for (fields, expected) in [
        (vec![("ApbType", "payonly"), RET_URL], "M01905002"),
        (vec![("ApbType", "PayOnly")], "M01059001"),
        (vec![("ApbType", "PayOnly"), ("RetURL", "javascript:alert(1)")], "M01059008"),
        (vec![("ApbType", "PayOnly"), RET_URL, ("AmazonCheckoutSessionID", "s-1")], "M01911010"),
        (vec![("ApbType", "PayOnly"), RET_URL, permission], "M01911010"),
        (vec![("ApbType", "PayOnly"), RET_URL, ("FrequencyUnit", "Month")], "M01908001"),
        (vec![("ApbType", "PayOnly"), RET_URL, ("PaymentTermSec", "0")], "M01048011"),
    ] {
        assert_eq!(entry.exec(stage.shop(), &fields).await.errors(), expected, "{fields:?}");
    }
    let cpsp = Entry::cpsp(stage.shop(), "order-2", "AUTH").await;
    assert_eq!(cpsp.exec(stage.shop(), &PAY_ONLY).await.errors(), "M01911010", "type 4 has no button of the gateway's");
    let nothing = Entry::of(stage.shop(), "order-3", "AUTH", "0", "3").await;
    assert_eq!(nothing.exec(stage.shop(), &PAY_ONLY).await.errors(), "M01005011", "nothing to pay, no consent");
    for order in ["order-1", "order-2", "order-3"] {
        assert_eq!(stage.shop().status(order).await, "UNPROCESSED");
    }
    assert_eq!(stage.ledger().await["requests"], json!([]));
}

#[tokio::test]
async fn what_was_declared_at_the_entry_holds() {
    let stage = Stage::new().await;
    for (order, declared, consent, expected) in [
        ("one-time", "0", false, ""),
        ("one-time-asked", "0", true, "M01911010"),
        ("on-demand", "1", false, "M01911010"),
        ("consent", "2", true, ""),
        ("consent-not-asked", "2", false, "M01911010"),
    ] {
        let fields = [
            ("OrderID", order),
            ("JobCd", "AUTH"),
            ("Amount", "100"),
            ("AmazonpayType", "3"),
            ("PaymentType", declared),
        ];
        let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
        let entry = Entry { order, id: answer.field("AccessID"), pass: answer.field("AccessPass") };
        let fields = if consent { [PAY_ONLY, MONTHLY].concat() } else { PAY_ONLY.to_vec() };
        assert_eq!(entry.exec(stage.shop(), &fields).await.errors(), expected, "{order}");
    }
}

#[tokio::test]
async fn a_button_is_executed_once() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let mut fields = entry.names();
    fields.extend(PAY_ONLY);
    let twins = (0..8).map(|_| stage.shop().call("ExecTranAmazonpay", &fields));
    let answers = futures_util::future::join_all(twins).await;
    let done = answers.iter().filter(|answer| answer.errors().is_empty()).count();
    assert_eq!(done, 1);
    for answer in &answers {
        assert!(["", "M01004014", "E90010001"].contains(&answer.errors().as_str()), "{}", answer.errors());
    }
    assert_eq!(entry.exec(stage.shop(), &PAY_ONLY).await.errors(), "M01004014");
}

#[tokio::test]
async fn permissions_of_others_and_those_that_cannot_pay() {
    let stage = Stage::new().await;
    let exec = async |order, permission: &str| {
        let entry = Entry::cpsp(stage.shop(), order, "AUTH").await;
        let answer = entry
            .exec(stage.shop(), &[[("AmazonChargePermissionID", permission); 1].as_slice(), &PAY_ONLY].concat())
            .await;
        (answer.errors(), stage.shop().status(order).await)
    };
    let theirs = permit(&stage, stage.other_shop(), 2178, "OneTime", "card-1111").await;
    assert_eq!(exec("theirs", &theirs).await, ("M01903002".to_owned(), "UNPROCESSED".to_owned()));
    assert_eq!(exec("nobodys", "S03-0000000-0000000").await, ("M01903002".to_owned(), "UNPROCESSED".to_owned()));
    // Once the other shop's book knows it, Amazon is not even asked.
    let entry = Entry::cpsp(stage.other_shop(), "order-1", "AUTH").await;
    let fields = [[("AmazonChargePermissionID", theirs.as_str()); 1].as_slice(), &PAY_ONLY].concat();
    assert_eq!(entry.exec(stage.other_shop(), &fields).await.field("Status"), "AUTH");
    let asked = stage.amazon_saw("createCharge").await.len();
    assert_eq!(exec("still-theirs", &theirs).await.0, "M01903002");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), asked);

    let small = permit(&stage, stage.shop(), 2177, "OneTime", "card-1111").await;
    assert_eq!(exec("too-much", &small).await, ("AZ1000010".to_owned(), "PAYFAIL".to_owned()));
    for (order, card, code) in [
        ("soft", "card-8001", "AZ1000003"),
        ("hard", "card-8002", "AZ1000004"),
        ("rejected", "card-8003", "AZ1000002"),
        ("timed-out", "card-8004", "AZ1000006"),
    ] {
        let permission = permit(&stage, stage.shop(), 2178, "OneTime", card).await;
        assert_eq!(exec(order, &permission).await, (code.to_owned(), "PAYFAIL".to_owned()));
    }
    let entry = Entry::apb(stage.shop(), "type-3", "AUTH").await;
    let permission = permit(&stage, stage.shop(), 2178, "OneTime", "card-1111").await;
    let fields = [[("AmazonChargePermissionID", permission.as_str()); 1].as_slice(), &PAY_ONLY].concat();
    assert_eq!(
        entry.exec(stage.shop(), &fields).await.errors(),
        "M01911010",
        "only a cPSP's shop has such permissions"
    );
}

/// What a live shop's buyer brings is not to be read on the way (psp-protocol 13.8).
#[tokio::test]
async fn a_live_shop_is_posted_to_by_https_only() {
    // Nothing is asked of Amazon here, so nobody need be at its address.
    let stage = Stage::with(|plan| {
        plan.shops[0].environment = Environment::Live;
        plan.shops[0].amazon_endpoint = "https://127.0.0.1:1".to_owned();
    })
    .await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let cpsp = Entry::cpsp(stage.shop(), "order-2", "AUTH").await;
    for url in ["http://shop.example/result", "HTTP://shop.example/result", "http://127.0.0.1/"] {
        let ret_url = ("RetURL", url);
        for (entry, way) in
            [(&entry, [("ApbType", "PayOnly"), ret_url]), (&entry, [("AmazonCheckoutSessionID", "session-1"), ret_url])]
        {
            assert_eq!(entry.exec(stage.shop(), &way).await.errors(), "M01059008", "{way:?}");
        }
        let approved = [("AmazonChargePermissionID", "P03-1234567-1234567"), ("ApbType", "PayOnly"), ret_url];
        assert_eq!(cpsp.exec(stage.shop(), &approved).await.errors(), "M01059008");
    }
    let secure = [("ApbType", "PayOnly"), ("RetURL", "HTTPS://shop.example/result")];
    assert_eq!(entry.exec(stage.shop(), &secure).await.errors(), "");
    // A sandbox shop may still be at work on somebody's own machine.
    let other = Entry::apb(stage.other_shop(), "order-1", "AUTH").await;
    let plain = [("ApbType", "PayOnly"), ("RetURL", "http://127.0.0.1:3000/")];
    assert_eq!(other.exec(stage.other_shop(), &plain).await.errors(), "");
}
