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

/// Sends the form with these fields, given as a query.
async fn make(clerk: &Clerk, wish: &str) -> Page {
    let path = format!("/console/button/{SHOP}");
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(wish.as_bytes()).into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    clerk.post(&path, &path, &fields).await
}

async fn made(clerk: &Clerk, wish: &str) -> Page {
    make(clerk, wish).await.ok()
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
        let page = make(&clerk, wish).await;
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
    let boss = stage.clerk("boss", None, Role::Administer).await;
    assert!(!boss.get("/console/audit?lang=en").await.ok().html.contains("<td>Signed a button</td>"));
}

/// A link, which another site can make somebody follow, signs nothing; a form does, and the log knows whose it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_is_made_by_a_form_alone_and_stands_in_the_log() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Act).await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    let linked = clerk.get(&format!("/console/button/{SHOP}?{WISH}")).await.ok();
    assert!(!linked.html.contains("id=\"snippet\"") && linked.html.contains("https://shop.example/review?cart=1"));
    assert!(!boss.get("/console/audit?lang=en").await.ok().html.contains("<td>Signed a button</td>"));
    let page = made(&clerk, &WISH.replace("cart%3D1", "secret%3Dof-the-shop")).await;
    let preview = page.html.split("<iframe").nth(1).and_then(|rest| rest.split("src=\"").nth(1)?.split('"').next());
    let preview = preview.unwrap_or_else(|| panic!("no preview: {}", page.html));
    assert!(!preview.contains("csrf"), "{preview}");
    let preview = clerk.get(&preview.replace("&#38;", "&").replace("&amp;", "&")).await.ok();
    assert!(preview.html.contains(&text_of(&page, "payload")), "the same button: {}", preview.html);
    let audit = boss.get("/console/audit?lang=en").await.ok().html;
    let line = audit.split("<tr>").find(|line| line.contains("<td>Signed a button</td>")).expect("a line in the log");
    assert!(line.contains("hanako") && line.contains("https://shop.example/review?…"), "{line}");
    assert!(!audit.contains("of-the-shop"), "{line}");
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
