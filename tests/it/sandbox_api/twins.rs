//! The same request many times at once is one effect; throttling; a solution provider acting for a merchant.

use futures_util::future::join_all;
use sekisho::sandbox::Throttling;
use serde_json::{Value, json};

use super::caller::{Caller, charge, order, yen};

#[tokio::test(flavor = "multi_thread")]
async fn twins_under_one_key_make_one_object_and_read_one_answer() {
    let caller = Caller::new();
    let permission = caller.completed(&order("Confirm"), "card-1111", "k").await.text_of("chargePermissionId");
    let body = charge(&permission, 300);
    let tasks = (0..32).map(|_| {
        let (caller, body) = (caller.clone(), body.clone());
        tokio::spawn(async move { caller.call("POST", "/v2/charges", &body, "twin").await })
    });
    let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (201, &answers[0].text));
    }
    assert_eq!(caller.sandbox.ledger().charges().count(), 1);
    // Keys count for one operation on one object: the same key elsewhere is another effect, also of another merchant.
    let id = answers[0].text_of("chargeId");
    let path = format!("/v2/charges/{id}/capture");
    assert_eq!(caller.call("POST", &path, &json!({"captureAmount": yen(300)}), "twin").await.status, 200);
    let changed = caller.call("POST", "/v2/charges", &charge(&permission, 301), "twin").await;
    assert_eq!((changed.status, changed.code()), (400, "DuplicateIdempotencyKey"));
    let other = caller.other("A1SHOP00000002", "jp");
    assert_eq!(other.call("POST", "/v2/checkoutSessions", &order("Confirm"), "k").await.status, 201);
}

#[tokio::test]
async fn quotas_are_off_until_asked_for_and_each_merchants_own() {
    let caller = Caller::new();
    for _ in 0..30 {
        assert_eq!(caller.get("/v2/charges/none").await.status, 404);
    }
    caller.sandbox.throttle(Throttling::Sandbox);
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(caller.get("/v2/charges/none").await.status);
    }
    assert_eq!(codes, [404, 404, 404, 404, 404, 429]);
    assert_eq!(caller.other("A1SHOP00000002", "jp").get("/v2/charges/none").await.status, 404);
    assert_eq!(caller.get("/v2/refunds/none").await.status, 404, "another operation has another bucket");
    caller.clock.advance(1000);
    let later = [caller.get("/v2/charges/none").await.status, caller.get("/v2/charges/none").await.status];
    assert_eq!(later, [404, 429]);
}

#[tokio::test]
async fn a_solution_provider_acts_for_a_merchant_with_its_own_signature() {
    let provider = Caller::new();
    let merchant = provider.other("A1SHOP00000002", "jp");
    let path = "/v2/authorizationTokens/amzn.mws.0f6e?merchantId=A1SHOP00000002";
    let given = provider.get(path).await;
    assert_eq!((given.status, given.keys()), (200, vec!["authorizationToken"]));
    let token = given.text_of("authorizationToken");
    assert_eq!(provider.get(path).await.text_of("authorizationToken"), token);
    let headers = [("x-amz-pay-idempotency-key", "k"), ("x-amz-pay-authtoken", token.as_str())];
    let created = provider.call_with("POST", "/v2/checkoutSessions", &order("Confirm"), &headers).await;
    let path = format!("/v2/checkoutSessions/{}", created.text_of("checkoutSessionId"));
    assert_eq!(merchant.get(&path).await.status, 200);
    assert_eq!(provider.get(&path).await.status, 404);
    // The token is the provider's: nobody else can use it.
    let stolen = merchant.call_with("GET", &path, &Value::Null, &[("x-amz-pay-authtoken", &token)]).await;
    assert_eq!((stolen.status, stolen.code()), (403, "InvalidAuthorizationToken"));
    for (path, status, code) in [
        ("/v2/authorizationTokens/amzn.mws.0f6e", 400, "MissingParameterValue"),
        ("/v2/authorizationTokens/amzn.mws.0f6e?merchantId=A9", 404, "ResourceNotFound"),
        ("/v2/authorizationTokens/other?merchantId=A1SHOP00000002", 400, "InvalidParameterValue"),
        ("/v2/authorizationTokens/amzn.mws.0f6e?merchantid=A9", 400, "MissingParameterValue"),
    ] {
        let refused = provider.get(path).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{path}");
    }
}
