//! One order to several addresses (`PayAndShipMultiAddress`, amazon-pay 2.3): what the merchant reads of them, what it may
//! say of them, and what is refused.

use serde_json::{Value, json};

use super::caller::{BUYER, Caller, NOW, Reply, order, yen};
use super::restart::again;

/// A session of this kind whose buyer has chosen these addresses.
async fn chosen(caller: &Caller, product_type: &str, addresses: &[&str]) -> Reply {
    let play = json!({"merchantId": caller.merchant_id, "productType": product_type, "payload": order("Authorize"),
        "buyer": BUYER, "addresses": addresses, "upTo": "chosen"});
    caller.control("POST", "checkoutSessions", &play).await
}

fn path_of(session: &Reply) -> String {
    format!("/v2/checkoutSessions/{}", session.text_of("checkoutSessionId"))
}

/// The addresses as official clients read them: each element is a JSON text of its own.
fn places(session: &Reply) -> Vec<Value> {
    let list = session.body["shippingAddressList"].as_array().expect("a list, never null");
    list.iter().map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect()
}

fn ids(session: &Reply) -> Vec<String> {
    places(session).iter().map(|place| place["addressId"].as_str().unwrap().to_owned()).collect()
}

fn parts(parts: &[(&str, Value)]) -> Value {
    let parts: Vec<Value> = parts.iter().map(|(id, price)| json!({"addressId": id, "price": price})).collect();
    json!({"multiAddressesCheckoutMetadata": parts})
}

fn names_of(session: &Reply) -> Vec<&str> {
    session.body["constraints"].as_array().unwrap().iter().map(|one| one["constraintId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_merchant_reads_every_chosen_address_and_says_what_goes_where() {
    let caller = Caller::new();
    let session = chosen(&caller, "PayAndShipMultiAddress", &["address-2", "address-1", "address-2"]).await;
    assert_eq!((session.status, names_of(&session)), (201, vec![]), "{}", session.text);
    assert_eq!(session.body["shippingAddress"], Value::Null);
    assert_eq!(session.body["multiAddressesCheckoutMetadata"], Value::Null);
    let places = places(&session);
    let codes: Vec<&str> = places.iter().map(|place| place["postalCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["250-0521", "100-0005"], "each once, in the order of the buyer's book");
    let ids = ids(&session);
    assert!(ids.iter().all(|id| id.starts_with("amzn1.address.")) && ids[0] != ids[1], "{ids:?}");
    let other = chosen(&caller, "PayAndShipMultiAddress", &["address-2"]).await;
    assert_eq!(self::ids(&other), ids[1..], "an address has the same id in every session");

    let update = parts(&[(&ids[1], json!({"amount": 400, "currencyCode": "JPY"})), (&ids[0], yen(600))]);
    let updated = caller.call_with("PATCH", &path_of(&session), &update, &[]).await;
    assert_eq!(updated.status, 200, "{}", updated.text);
    let expected = json!([{"addressId": ids[1], "price": yen(400)}, {"addressId": ids[0], "price": yen(600)}]);
    assert_eq!(updated.body["multiAddressesCheckoutMetadata"], expected);
    // What is said anew takes the place of what was said; what is not said stays.
    let one = parts(&[(&ids[0], yen(0))]);
    let updated = caller.call_with("PATCH", &path_of(&session), &one, &[]).await;
    assert_eq!(updated.body["multiAddressesCheckoutMetadata"], one["multiAddressesCheckoutMetadata"]);
    let note = json!({"merchantMetadata": {"noteToBuyer": "x"}, "multiAddressesCheckoutMetadata": null});
    let updated = caller.call_with("PATCH", &path_of(&session), &note, &[]).await;
    assert_eq!(updated.body["multiAddressesCheckoutMetadata"], one["multiAddressesCheckoutMetadata"]);
    assert_eq!(updated.body["shippingAddressList"], session.body["shippingAddressList"]);
}

#[tokio::test]
async fn whoever_may_not_read_addresses_reads_none() {
    let caller = Caller::new();
    let mut payload = order("Authorize");
    payload["scopes"] = json!(["name"]);
    let play = json!({"merchantId": caller.merchant_id, "productType": "PayAndShipMultiAddress", "payload": payload,
        "buyer": BUYER, "addresses": ["address-1", "address-2"], "upTo": "chosen"});
    let session = caller.control("POST", "checkoutSessions", &play).await;
    assert_eq!((session.status, places(&session)), (201, Vec::new()), "{}", session.text);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_its_name() {
    let caller = Caller::new();
    let session = chosen(&caller, "PayAndShipMultiAddress", &["address-1", "address-2"]).await;
    let ids = ids(&session);
    let first = ids[0].as_str();
    let list = |list: Value| json!({"multiAddressesCheckoutMetadata": list});
    let dollars = json!({"amount": "1", "currencyCode": "USD"});
    for (update, code, says) in [
        (list(json!({})), "InvalidParameterValue", "multiAddressesCheckoutMetadata must be a list of 1 to 20"),
        (list(json!([])), "InvalidParameterValue", "multiAddressesCheckoutMetadata must be a list of 1 to 20"),
        (list(json!(vec![1; 21])), "InvalidParameterValue", "must be a list of 1 to 20"),
        (list(json!(["x"])), "InvalidParameterValue", "multiAddressesCheckoutMetadata[0] must be an object"),
        (
            list(json!([{"price": yen(1)}])),
            "MissingParameterValue",
            "multiAddressesCheckoutMetadata[0].addressId is missing",
        ),
        (
            list(json!([{"addressId": first}])),
            "MissingParameterValue",
            "multiAddressesCheckoutMetadata[0].price is missing",
        ),
        (list(json!([{"addressId": "", "price": yen(1)}])), "InvalidParameterValue", "[0].addressId must not be empty"),
        (
            list(json!([{"addressId": first, "price": yen(1), "name": "x"}])),
            "UnrecognizedField",
            "multiAddressesCheckoutMetadata[0].name",
        ),
        (parts(&[(first, yen(-1))]), "InvalidParameterValue", "multiAddressesCheckoutMetadata[0].price.amount"),
        (parts(&[(first, json!({"amount": "1.5", "currencyCode": "JPY"}))]), "InvalidParameterValue", "price.amount"),
        (parts(&[(first, yen(10_000_001))]), "InvalidParameterValue", "price.amount"),
        (parts(&[(first, dollars)]), "CurrencyMismatch", "multiAddressesCheckoutMetadata[0].price.currencyCode"),
        (
            parts(&[(first, yen(1)), ("address-1", yen(1))]),
            "InvalidParameterValue",
            "[1].addressId address-1 is not in",
        ),
        (parts(&[(first, yen(1)), (first, yen(1))]), "InvalidParameterValue", "[1].addressId"),
    ] {
        let refused = caller.call_with("PATCH", &path_of(&session), &update, &[]).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{update}: {}", refused.text);
        assert!(refused.text_of("message").contains(says), "{update}: {}", refused.text);
    }
    let kept = caller.get(&path_of(&session)).await;
    assert_eq!(kept.body["multiAddressesCheckoutMetadata"], Value::Null, "nothing of it was taken");

    // Nothing is priced before the buyer has chosen, and not when a session is made.
    let play = json!({"merchantId": caller.merchant_id, "productType": "PayAndShipMultiAddress",
        "payload": order("Authorize"), "upTo": "new"});
    let new = caller.control("POST", "checkoutSessions", &play).await;
    let early = caller.call_with("PATCH", &path_of(&new), &parts(&[(first, yen(1))]), &[]).await;
    assert_eq!(early.code(), "InvalidParameterValue", "{}", early.text);
    let mut body = order("Authorize");
    body["multiAddressesCheckoutMetadata"] = parts(&[(first, yen(1))])["multiAddressesCheckoutMetadata"].clone();
    assert_eq!(caller.call("POST", "/v2/checkoutSessions", &body, "made").await.code(), "UnrecognizedField");
    // An order to one address, and none at all, have no such list.
    for (kind, addresses) in [("PayAndShip", vec!["address-1"]), ("PayOnly", vec![]), ("Donation", vec![])] {
        let session = chosen(&caller, kind, &addresses).await;
        let told = session.body.as_object().unwrap();
        assert!(!told.contains_key("shippingAddressList") && !told.contains_key("multiAddressesCheckoutMetadata"));
        let refused = caller.call_with("PATCH", &path_of(&session), &parts(&[(first, yen(1))]), &[]).await;
        assert_eq!((refused.status, refused.code()), (400, "InvalidParameterCombination"), "{kind}");
    }
}

#[tokio::test]
async fn a_buyer_chooses_one_address_or_more_and_only_theirs() {
    let caller = Caller::new();
    for (kind, addresses, says) in [
        ("PayAndShipMultiAddress", vec![""], "the buyer has no address"),
        ("PayAndShipMultiAddress", vec!["address-1", "address-9"], "the buyer has no address \"address-9\""),
        ("PayAndShip", vec!["address-1", "address-2"], "the order goes to one address"),
    ] {
        let refused = chosen(&caller, kind, &addresses).await;
        assert_eq!(refused.status, 400, "{kind} {addresses:?}");
        assert!(refused.text_of("error").contains(says), "{}", refused.text);
    }
    let mut payload = order("Authorize");
    payload["deliverySpecifications"] = json!({"addressRestrictions":
        {"type": "Allowed", "restrictions": {"JP": {"statesOrRegions": ["東京都"]}}}});
    let mut play = json!({"merchantId": caller.merchant_id, "productType": "PayAndShipMultiAddress", "payload": payload,
        "buyer": BUYER, "addresses": ["address-1", "address-2"], "upTo": "chosen"});
    let refused = caller.control("POST", "checkoutSessions", &play).await;
    assert!(refused.text_of("error").contains("does not send to address \"address-1\""), "{}", refused.text);
    play["addresses"] = json!(["address-2"]);
    assert_eq!(places(&caller.control("POST", "checkoutSessions", &play).await).len(), 1);
}

#[tokio::test]
async fn what_was_said_of_an_address_goes_with_it() {
    let caller = Caller::new();
    let session = chosen(&caller, "PayAndShipMultiAddress", &["address-1", "address-2"]).await;
    let (id, ids) = (session.text_of("checkoutSessionId"), ids(&session));
    let both = parts(&[(&ids[0], yen(600)), (&ids[1], yen(400))]);
    assert_eq!(caller.call_with("PATCH", &path_of(&session), &both, &[]).await.status, 200);
    let choose = |addresses: &[&str]| {
        let addresses: Vec<&str> = addresses.to_vec();
        caller.sandbox.ledger().choose(&id, addresses, "card-4444").unwrap();
    };
    choose(&["address-2"]);
    let kept = caller.get(&path_of(&session)).await;
    assert_eq!(kept.body["multiAddressesCheckoutMetadata"], json!([{"addressId": ids[1], "price": yen(400)}]));
    choose(&["address-1"]);
    let none = caller.get(&path_of(&session)).await;
    assert_eq!((&none.body["multiAddressesCheckoutMetadata"], self::ids(&none)), (&Value::Null, vec![ids[0].clone()]));
    // An address that the buyer writes anew is told as it is now, under its id.
    {
        let mut ledger = caller.sandbox.ledger();
        let mut place = ledger.buyers().find(BUYER).unwrap().addresses[0].as_ref().clone();
        place.line1 = "新しい町 1-2-3".to_owned();
        ledger.write_address(&id, place).unwrap();
    }
    let told = caller.get(&path_of(&session)).await;
    assert_eq!((self::ids(&told), &places(&told)[0]["addressLine1"]), (vec![ids[0].clone()], &json!("新しい町 1-2-3")));
}

#[tokio::test]
async fn it_is_all_there_after_a_restart_and_can_be_completed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let caller = Caller::kept_in(&path, NOW, 1).await.unwrap();
    let session = chosen(&caller, "PayAndShipMultiAddress", &["address-1", "address-2"]).await;
    let ids = ids(&session);
    let both = parts(&[(&ids[0], yen(600)), (&ids[1], yen(400))]);
    let before = caller.call_with("PATCH", &path_of(&session), &both, &[]).await;
    drop(caller);

    let caller = again(&path, 2).await;
    let after = caller.get(&path_of(&session)).await;
    assert_eq!(after.text, before.text);
    let id = session.text_of("checkoutSessionId");
    {
        let mut ledger = caller.sandbox.ledger();
        ledger.enter_processing(&id).unwrap();
        ledger.pay(&id).unwrap();
    }
    let late = caller.call_with("PATCH", &path_of(&session), &both, &[]).await;
    assert_eq!((late.status, late.code()), (422, "InvalidCheckoutSessionStatus"));
    let complete = format!("{}/complete", path_of(&session));
    let completed = caller.call("POST", &complete, &json!({"chargeAmount": yen(1000)}), "c").await;
    assert_eq!((completed.status, completed.state()), (200, "Completed"));
    assert!(!completed.body.as_object().unwrap().contains_key("shippingAddressList"), "not even null: .NET stumbles");
    let permission = caller.get(&format!("/v2/chargePermissions/{}", completed.text_of("chargePermissionId"))).await;
    assert_eq!((permission.status, &permission.body["shippingAddress"]), (200, &Value::Null));
}
