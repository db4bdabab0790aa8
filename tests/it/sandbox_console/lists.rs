//! What the console lists, and how one finds one's way in it.

use serde_json::Value;

use super::{after_a_purchase, page, shown};
use crate::support::{Order, Stage};

#[tokio::test]
async fn an_empty_sandbox_says_so_and_names_its_merchants_keys() {
    let stage = Stage::new().await;
    let html = shown(&stage, "/").await;
    assert_eq!(html.matches("<p class=\"empty\">None").count(), 7, "faults, four tables, messages, requests: {html}");
    let merchants = stage.control_get("merchants").await;
    for merchant in merchants["merchants"].as_array().unwrap() {
        for text in [&merchant["merchantId"], &merchant["keys"][0]["publicKeyId"], &merchant["keys"][0]["fingerprint"]]
        {
            let text = text.as_str().unwrap();
            assert!(text.len() > 8 && html.contains(text), "{text}");
        }
    }
    assert!(page(&stage, "/").await.1.contains("lang=\"ja\""), "Japanese, where nobody asks for English");
}

#[tokio::test]
async fn a_purchase_is_listed_with_its_sum() {
    let (stage, _, ids) = after_a_purchase(Order::capture("C-1")).await;
    let html = shown(&stage, "/").await;
    for id in &ids {
        assert!(html.contains(&format!("href=\"/console/objects/{id}\"")), "{id}: {html}");
    }
    assert!(html.contains("captured 2178 − refunded 0 = <b>2178</b>"), "{html}");
    assert!(html.contains("AmazonClosed"), "each state has its reason code");
    let permissions = stage.control_get("chargePermissions").await;
    assert_eq!(permissions["items"][0]["sum"]["net"], "2178");
    assert_eq!(permissions["items"][0]["reasonCode"], "AmazonClosed");
    assert!(html.contains("completeCheckoutSession"), "the latest requests");
}

#[tokio::test]
async fn lists_are_paged_from_the_newest_and_filtered() {
    let stage = Stage::new().await;
    let merchant = stage.control_get("merchants").await["merchants"][0].clone();
    let mut made = Vec::new();
    for _ in 0..103 {
        let play = serde_json::json!({
            "merchantId": merchant["merchantId"], "upTo": "new",
            "payload": {"storeId": merchant["storeIds"][0], "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://s.example/"}},
        });
        let session = stage.control_post("checkoutSessions", play).await;
        made.push(session["checkoutSessionId"].as_str().unwrap().to_owned());
    }
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest = stage.control_get("checkoutSessions").await;
    assert_eq!(ids(&newest), made.iter().skip(3).rev().cloned().collect::<Vec<_>>());
    let older = newest["older"].as_str().unwrap();
    let rest = stage.control_get(&format!("checkoutSessions?before={older}")).await;
    assert_eq!(ids(&rest), made.iter().take(3).rev().cloned().collect::<Vec<_>>());
    assert_eq!(rest["older"], Value::Null);

    let html = shown(&stage, "/").await;
    assert!(html.contains(&format!("/?sessions={older}#sessions")), "{html}");
    let html = shown(&stage, &format!("/?sessions={older}")).await;
    assert!(html.contains(&made[0]) && !html.contains(&made[50]) && html.contains(">Newest</a>"));
    let html = shown(&stage, &format!("/?id={}", made[50].to_uppercase())).await;
    assert!(html.contains(&made[50]) && !html.contains(&made[51]));
    let html = shown(&stage, "/?merchant=A1NOBODY000001").await;
    assert!(made.iter().all(|id| !html.contains(id)));
    let (status, html) = page(&stage, "/?sessions=nobody").await;
    assert!(status == 400 && html.contains("nobody"), "{html}");
    for bad in ["charges?before=nobody", "requests?before=x", "refunds?limit=x", "charges?page=2"] {
        let answer = stage.browser.get(&format!("{}/_control/{bad}", stage.browser.sandbox_url)).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}
