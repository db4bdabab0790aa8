//! The button generator: what it makes is what Amazon takes.

use sekisho::domain::Role;

use crate::support::clerk::{Clerk, Page};
use crate::support::{Stage, form_of};

const SHOP: &str = "tshop00000001";
const WISH: &str = "make=1&product_type=PayAndShip&review_url=https%3A%2F%2Fshop.example%2Freview%3Fcart%3D1&scope=name&scope=email\
                    &area=Allowed&prefectures=%E6%9D%B1%E4%BA%AC%E9%83%BD&consent=Recurring&unit=Month&count=1";

/// What stands in an element, as a browser reads it.
fn text_of(page: &Page, id: &str) -> String {
    let begin = page.html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}: {}", page.html));
    let rest = &page.html[begin..];
    let text = rest[rest.find('>').unwrap() + 1..].split('<').next().unwrap();
    text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

async fn made(clerk: &Clerk, wish: &str) -> Page {
    clerk.get(&format!("/console/button/{SHOP}?{wish}")).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_signs_is_taken_by_the_sandbox_and_a_changed_payload_is_not() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Act).await;
    let page = made(&clerk, WISH).await;
    let (payload, signature, snippet) =
        (text_of(&page, "payload"), text_of(&page, "signature"), text_of(&page, "snippet"));
    assert!(
        payload.contains(r#""statesOrRegions":["東京都"]"#)
            && payload.contains(r#""chargePermissionType":"Recurring""#)
    );
    for part in [
        &format!("payloadJSON: '{payload}'"),
        &format!("signature: \"{signature}\""),
        "algorithm: \"AMZN-PAY-RSASSA-PSS-V2\"",
        "/checkout.js\"></script>",
    ] {
        assert!(snippet.contains(part), "{part}: {snippet}");
    }
    let press = async |payload: &str| {
        let form = [
            ("merchantId", stage.shop().merchant_id.as_str()),
            ("publicKeyId", &stage.shop().button.public_key_id),
            ("ledgerCurrency", "JPY"),
            ("placement", "Cart"),
            ("payloadJSON", payload),
            ("signature", &signature),
            ("algorithm", "AMZN-PAY-RSASSA-PSS-V2"),
        ];
        let url = format!("{}/checkout/initiate", stage.browser.sandbox_url);
        stage.http.post(url).form(&form).send().await.unwrap().status().as_u16()
    };
    assert_eq!(press(&payload).await, 303);
    assert!(press(&payload.replace("cart=1", "cart=2")).await >= 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preview_is_a_stranger_to_the_console() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Act).await;
    let page = made(&clerk, WISH).await;
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-src 'self'"));
    let preview = clerk.get(&format!("/console/button/{SHOP}/preview?{WISH}")).await.ok();
    let policy = preview.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("sandbox allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");
    assert!(policy.contains(&stage.browser.sandbox_url) && !policy.contains("unsafe"), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    let tags = preview.html.matches("<script").count() + preview.html.matches("<style").count();
    assert_eq!(preview.html.matches(&format!("nonce=\"{nonce}\"")).count(), tags, "{}", preview.html);
    let again = clerk.get(&format!("/console/button/{SHOP}/preview?{WISH}")).await.ok();
    assert!(!again.headers["content-security-policy"].to_str().unwrap().contains(nonce), "a nonce is used once");
    for secret in ["csrf", "hanako"] {
        assert!(!preview.html.contains(secret), "a stranger's script reads this page");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_made_is_said_and_nothing_is_signed() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Act).await;
    let list = clerk.get("/console/button").await.ok();
    assert!(list.html.contains("/console/button/tshop00000002"), "an operator chooses");
    let blank = clerk.get(&format!("/console/button/{SHOP}")).await.ok();
    assert!(form_of(&blank.html, "button-form").is_some() && !blank.html.contains("id=\"snippet\""));
    for wish in [
        "make=1",
        "make=1&review_url=javascript%3Aalert(1)",
        "make=1&review_url=https%3A%2F%2Fshop.example%2F%22%3E%3Cscript%3E",
    ] {
        let page = clerk.get(&format!("/console/button/{SHOP}?{wish}&lang=en")).await;
        assert_eq!(page.status, 422, "{wish}");
        assert!(
            page.html.contains("id=\"faults\"")
                && !page.html.contains("id=\"snippet\"")
                && !page.html.contains("<script>")
        );
        assert_eq!(clerk.get(&format!("/console/button/{SHOP}/preview?{wish}")).await.status, 404);
    }
    let looks = stage.clerk("looks", Some(SHOP), Role::Look).await;
    assert_eq!(looks.get(&format!("/console/button/{SHOP}?{WISH}")).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_of_ours_begins_a_payment_with_real_money() {
    let stage = Stage::with(|plan| {
        let shop = &mut plan.shops[0];
        shop.environment = sekisho::config::Environment::Live;
        shop.amazon_endpoint = "https://pay-api.amazon.jp".to_owned();
        shop.public_key_id = shop.public_key_id.replace("SANDBOX-", "");
    })
    .await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Act).await;
    let page = made(&clerk, WISH).await;
    assert!(page.html.contains("sandbox: false") && page.html.contains("static-fe.payments-amazon.com/checkout.js"));
    assert!(!page.html.contains("<iframe"));
    assert_eq!(clerk.get(&format!("/console/button/{SHOP}/preview?{WISH}")).await.status, 404);
}
