//! What is known of a session that the shop's page finalizes, and when.

use super::*;

const FINALIZE: &str = "POST /v2/checkoutSessions/s1/finalize";

impl House {
    /// ExecTran of a new order whose buyer has agreed to session s1 inside the shop's page.
    async fn finalize(&self) -> (AccessId, Result<(), Refusal>) {
        let access_id = self.entered("O-1", "AUTH", 1000).await;
        let form = format!("{}&AmazonCheckoutSessionID=s1", self.naming(&access_id, "O-1"));
        let executed = self.gateway.exec_tran(read(&form, read_exec_tran)).await;
        (access_id, executed.map(|_| ()))
    }

    async fn looked(&self, access_id: &AccessId) -> Looked {
        let intent = self.open_intent(access_id).await.unwrap();
        self.gateway.inquire(&intent).await.unwrap()
    }
}

/// Before the session was seen nothing was asked of Amazon, so whatever happens is no reason to wait.
#[tokio::test]
async fn a_session_that_cannot_be_read_is_not_finalized() {
    for (answer, code) in [
        ((404, "ResourceNotFound"), codes::SESSION_INVALID),
        ((429, "TooManyRequests"), codes::AMAZON_UNREACHABLE),
        ((500, "InternalServerError"), codes::AMAZON_UNREACHABLE),
    ] {
        let house = House::new().await;
        house.amazon.refuses(&get("s1"), answer);
        let (order, executed) = house.finalize().await;
        assert_eq!(executed, Err(Refusal::Provider(code)), "{answer:?}");
        assert_eq!((house.now(&order).await.status(), house.open_intent(&order).await), (Status::Unprocessed, None));
        assert_eq!(house.amazon.asked(FINALIZE), 0);
    }
}

/// Afterwards not even "no such session" is evidence; the session's end is.
#[tokio::test]
async fn a_finalization_whose_answer_was_lost_is_found_out_by_its_session_only() {
    let house = House::new().await;
    house.amazon.answers(&get("s1"), 200, session("s1", "Open"));
    house.amazon.refuses(FINALIZE, (500, "InternalServerError"));
    let (order, executed) = house.finalize().await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    for answer in [(404, "ResourceNotFound"), (429, "TooManyRequests"), (500, "InternalServerError")] {
        house.amazon.refuses(&get("s1"), answer);
        assert_eq!(house.looked(&order).await, Looked::StillOpen, "{answer:?}");
    }
    house.amazon.answers(&get("s1"), 200, session("s1", "Completed"));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    let asked = house.amazon.asked(FINALIZE);
    assert_eq!(house.looked(&order).await, Looked::Closed);
    assert_eq!((house.now(&order).await.status(), house.owed(&order).await), (Status::Auth, 1));
    assert_eq!(house.amazon.asked(FINALIZE), asked, "what is over is not finalized again");
}

#[tokio::test]
async fn a_finalized_session_is_one_that_says_so() {
    let house = House::new().await;
    house.amazon.answers(&get("s1"), 200, session("s1", "Open"));
    let mut open = session("s1", "Completed");
    open["statusDetails"]["state"] = json!("Open");
    house.amazon.answers(FINALIZE, 200, open);
    let (order, executed) = house.finalize().await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    assert_eq!(house.now(&order).await.status(), Status::Unprocessed);
    house.amazon.answers(FINALIZE, 200, session("s1", "Completed"));
    assert_eq!(house.looked(&order).await, Looked::Closed);
    assert_eq!(house.now(&order).await.status(), Status::Auth);
}
