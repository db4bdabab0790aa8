//! The shop's wire, byte for byte: what each call answers when all is well, and what it answers when something is not.

mod answers;
mod refusals;
mod requests;
pub(crate) mod walk;

use crate::support::{Answer, Stage};

/// The status, the content type and the body of an idPass answer.
fn id_pass(answer: &Answer) -> &str {
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/plain;charset=Windows-31J"));
    answer.text()
}

/// The status and the body of a JSON answer.
fn json(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.content_type, "application/json;charset=UTF-8");
    (answer.status, std::str::from_utf8(&answer.bytes).unwrap())
}

/// An EntryTran of an order that has everything it needs.
const ENTRY: [(&str, &str); 5] =
    [("OrderID", "order-1"), ("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198"), ("AmazonpayType", "3")];

/// EntryTran with some parameters replaced, added, or (where the value is empty) left out.
async fn enter_with(stage: &Stage, changes: &[(&str, &str)]) -> Answer {
    let kept = ENTRY.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let fields: Vec<_> = kept.chain(changes).copied().filter(|(_, value)| !value.is_empty()).collect();
    stage.shop().call("EntryTranAmazonpay", &fields).await
}
