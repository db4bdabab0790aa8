//! Where a purchase goes from here: which page comes next, with the ids of the answer.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::exchange::Answer;
use super::operation::{Object, Page, Words};
use crate::sandbox::api::Operation;

/// A link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The page's name, or what the buyer does.
    pub(super) name: &'static str,
    pub(super) href: String,
    pub(super) words: Words,
}

const SIGN_IN: Words = ("購入者としてサインインする", "Sign in as the buyer");
const PAY: Words = ("購入者として支払う（amazonPayRedirectUrl）", "Pay as the buyer (amazonPayRedirectUrl)");
const ANEW: Words = ("新しい値でもう一度", "Once more with fresh values");

/// The steps that make sense after this answer. `base_url` is where the buyer's pages are.
pub(super) fn steps(page: &Page, merchant_id: &str, id: &str, answer: &Answer, base_url: &str) -> Vec<Step> {
    if answer.status >= 400 {
        return after_refusal(page, merchant_id, id);
    }
    let to = |names: &[&'static str]| -> Vec<Step> {
        let step = |name: &&'static str| Some(step_to(Page::named(name)?, merchant_id, &answer.json));
        names.iter().filter_map(step).collect()
    };
    match page.operation {
        Operation::CreateCheckoutSession | Operation::GetCheckoutSession | Operation::UpdateCheckoutSession => {
            let mut steps = buyers_steps(&answer.json, base_url);
            let pages: &[&str] = match answer.json["statusDetails"]["state"].as_str() {
                Some("Completed") => &["getChargePermission", "captureCharge"],
                Some("Open") if page.operation == Operation::UpdateCheckoutSession => {
                    &["getCheckoutSession", "completeCheckoutSession"]
                }
                Some("Open") if page.operation == Operation::GetCheckoutSession => {
                    &["updateCheckoutSession", "completeCheckoutSession"]
                }
                Some("Open") => &["getCheckoutSession", "updateCheckoutSession"],
                _ => &["createCheckoutSession"],
            };
            steps.extend(to(pages));
            steps
        }
        Operation::CompleteCheckoutSession => {
            to(&["getCharge", "captureCharge", "cancelCharge", "createCharge", "getChargePermission"])
        }
        Operation::GetChargePermission | Operation::UpdateChargePermission => {
            to(&["createCharge", "updateChargePermission", "closeChargePermission"])
        }
        Operation::CloseChargePermission => to(&["getChargePermission", "createCheckoutSession"]),
        Operation::CreateCharge => to(&["captureCharge", "cancelCharge", "getCharge"]),
        Operation::GetCharge => match answer.json["statusDetails"]["state"].as_str() {
            Some("Captured") => to(&["createRefund", "getChargePermission"]),
            Some("Authorized") => to(&["captureCharge", "cancelCharge"]),
            _ => to(&["getCharge", "getChargePermission"]),
        },
        Operation::CaptureCharge => to(&["createRefund", "getCharge", "createCharge"]),
        Operation::CancelCharge => to(&["createCharge", "closeChargePermission"]),
        Operation::CreateRefund => to(&["getRefund", "closeChargePermission"]),
        Operation::GetRefund => to(&["getRefund", "getCharge", "closeChargePermission"]),
        _ => Vec::new(),
    }
}

/// A page of this merchant's, for the object with this id.
pub(super) fn href(name: &str, merchant_id: &str, id: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("merchant", merchant_id);
    if !id.is_empty() {
        query.append_pair("id", id);
    }
    format!("/driver/{name}?{}", query.finish())
}

/// Where the buyer of an open session goes: to sign in, to pay, or both.
pub(super) fn buyers_steps(session: &Value, base_url: &str) -> Vec<Step> {
    let is_open = session["statusDetails"]["state"] == "Open";
    let Some(id) = session["checkoutSessionId"].as_str().filter(|_| is_open) else { return Vec::new() };
    let is_unsigned = session["constraints"]
        .as_array()
        .is_some_and(|all| all.iter().any(|constraint| constraint["constraintId"] == "BuyerNotAssociated"));
    let query = Serializer::new(String::new()).append_pair("amazonCheckoutSessionId", id).finish();
    let sign_in = Step { name: "sign-in", href: format!("/checkout/sign-in?{query}"), words: SIGN_IN };
    // What a session says of itself is the merchant's; only an address of these pages becomes a link.
    let pay_url = session["webCheckoutDetails"]["amazonPayRedirectUrl"].as_str();
    let pay = pay_url.and_then(|url| url.strip_prefix(base_url)).filter(|path| path.starts_with("/checkout/"));
    let pay = pay.map(|path| Step { name: "pay", href: path.to_owned(), words: PAY });
    is_unsigned.then_some(sign_in).into_iter().chain(pay).collect()
}

/// The page, with the id that the answer has for it; where it has none, the page chooses.
fn step_to(page: &'static Page, merchant_id: &str, answer: &Value) -> Step {
    let id = match page.object {
        Object::Nothing => "",
        object => answer[object.id_name()].as_str().unwrap_or_default(),
    };
    Step { name: page.name(), href: href(page.name(), merchant_id, id), words: page.title }
}

/// Once more; or a look at how the object stands.
fn after_refusal(page: &Page, merchant_id: &str, id: &str) -> Vec<Step> {
    let look = match page.object {
        Object::Nothing => None,
        Object::Session => Page::named("getCheckoutSession"),
        Object::Permission => Page::named("getChargePermission"),
        Object::Charge => Page::named("getCharge"),
        Object::Refund => Page::named("getRefund"),
    };
    let again = Step { name: "again", href: href(page.name(), merchant_id, ""), words: ANEW };
    let look = look.filter(|look| look.name() != page.name() && !id.is_empty());
    let look = look.map(|look| Step { name: look.name(), href: href(look.name(), merchant_id, id), words: look.title });
    std::iter::once(again).chain(look).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.name).collect()
    }

    fn answer(status: u16, json: Value) -> Answer {
        Answer { status, status_line: String::new(), headers: String::new(), body: String::new(), json }
    }

    #[test]
    fn an_answer_leads_on_with_its_ids() {
        let page = Page::named("captureCharge").expect("a page");
        let captured = answer(200, json!({"chargeId": "S03-1-C1", "chargePermissionId": "S03-1"}));
        let steps = steps(page, "M&1", "S03-1-C1", &captured, "http://a");
        assert_eq!(names(&steps), ["createRefund", "getCharge", "createCharge"]);
        assert_eq!(steps[0].href, "/driver/createRefund?merchant=M%261&id=S03-1-C1");
        assert_eq!(steps[2].href, "/driver/createCharge?merchant=M%261&id=S03-1");
    }

    #[test]
    fn a_refusal_leads_to_a_look_and_to_another_attempt() {
        let page = Page::named("captureCharge").expect("a page");
        let refused = answer(422, json!({"reasonCode": "InvalidChargeStatus"}));
        assert_eq!(names(&steps(page, "M", "S03-1-C1", &refused, "http://a")), ["again", "getCharge"]);
        assert_eq!(names(&steps(page, "M", "", &refused, "http://a")), ["again"]);
    }

    #[test]
    fn the_buyer_is_sent_to_the_sandboxs_own_pages_only() {
        let session = |url: Value, constraints: Value| {
            json!({"checkoutSessionId": "i", "statusDetails": {"state": "Open"}, "constraints": constraints,
                   "webCheckoutDetails": {"amazonPayRedirectUrl": url}})
        };
        let unsigned = json!([{"constraintId": "BuyerNotAssociated"}]);
        assert_eq!(names(&buyers_steps(&session(Value::Null, unsigned), "http://a")), ["sign-in"]);
        let ready = session(json!("http://a/checkout/processing?x=1"), json!([]));
        let steps = buyers_steps(&ready, "http://a");
        assert_eq!((names(&steps), steps[0].href.as_str()), (vec!["pay"], "/checkout/processing?x=1"));
        for other in ["http://b/checkout/processing", "http://a.example/checkout/", "javascript:alert(1)"] {
            assert_eq!(buyers_steps(&session(json!(other), json!([])), "http://a"), []);
        }
    }
}
