//! Get Buyer as a merchant sees it.

use serde_json::Value;

use super::merchant::{OTHER_SHOP, SHOP, STORE, get, keys, reply, sandbox, send, signed};
use crate::sandbox::ledger::SignInRequest;

#[tokio::test]
async fn a_token_tells_its_merchant_who_the_buyer_is() {
    let sandbox = sandbox();
    let request = SignInRequest {
        store_id: STORE.to_owned(),
        return_url: "https://shop.example/welcome".to_owned(),
        scopes: None,
    };
    let id = sandbox.ledger().open_sign_in(SHOP, request).expect("open");
    let url = sandbox.ledger().introduce(&id, "amzn1.account.SEKISHOYOSHIDA02").expect("introduced");
    let path = format!("/v2/buyers/{}", url.split_once("buyerToken=").expect("a token").1);
    let shown = get(&sandbox, &path).await;
    assert_eq!(shown.status, 200);
    let all = [
        "buyerId",
        "countryCode",
        "name",
        "email",
        "postalCode",
        "shippingAddress",
        "billingAddress",
        "phoneNumber",
        "primeMembershipTypes",
    ];
    assert_eq!(keys(&shown.body), all);
    assert_eq!(shown.body["name"], "𠮷田 三郎");
    assert_eq!(shown.body["shippingAddress"]["stateOrRegion"], "京都府");
    assert_eq!(shown.body["billingAddress"], Value::Null);
    let foreign = reply(send(&sandbox, signed(OTHER_SHOP, "GET", &path, "", &[])).await).await;
    assert_eq!((foreign.status, foreign.code()), (404, "ResourceNotFound"));
    assert_eq!(get(&sandbox, "/v2/buyers/none").await.code(), "ResourceNotFound");
}
