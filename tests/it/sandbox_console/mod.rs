//! The sandbox's console at `/`, and the same for programs at `/_control/`.

mod acts;
mod desk;
mod lists;
mod objects;
mod requests;

use crate::support::{Entered, Order, Stage};

/// A page of the console, with its status.
async fn page(stage: &Stage, path: &str) -> (u16, String) {
    let answer = stage.browser.get(&format!("{}{path}", stage.browser.sandbox_url)).await;
    (answer.status, String::from_utf8(answer.bytes).unwrap())
}

/// A page that must be there, in English.
async fn shown(stage: &Stage, path: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    let (status, html) = page(stage, &format!("{path}{joint}lang=en")).await;
    assert_eq!(status, 200, "{path}: {html}");
    html
}

/// A stage on which somebody has paid, and the ids of session, permission and charge.
async fn after_a_purchase(order: Order) -> (Stage, Entered, [String; 3]) {
    let stage = Stage::new().await;
    let (entered, form) = stage.paid(order).await;
    assert_eq!(form.outcome().1, "");
    let session = &stage.ledger().await["checkoutSessions"][0];
    let ids =
        ["checkoutSessionId", "chargePermissionId", "chargeId"].map(|name| session[name].as_str().unwrap().into());
    (stage, entered, ids)
}

/// Posts a form as the console's own page does; answers status, where it leads, and the text.
async fn press(stage: &Stage, path: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let url = &stage.browser.sandbox_url;
    let request = stage.http.post(format!("{url}{path}")).header("origin", url).form(fields);
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location.unwrap_or_default(), answer.text().await.unwrap())
}
