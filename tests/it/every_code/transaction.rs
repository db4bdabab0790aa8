//! What a transaction's status, amount or age does not allow.

use sekisho::protocol::Call;

use super::cases;
use crate::support::acts::{enter, pay};
use crate::support::{DAY, MINUTE, Order, Stage, result_form};

cases! {
    ALREADY_REQUESTED => async {
        let stage = Stage::new().await;
        let ready = stage.ready(Order::auth("order-1")).await;
        ready.entered.exec(stage.shop()).await.errors()
    };
    STATUS_FORBIDS => async {
        let stage = Stage::new().await;
        let entered = enter(&stage, "order-1", "AUTH").await;
        entered.call(&stage, Call::Sales, &[("Amount", "1")]).await.errors()
    };
    TOTAL_EXCEEDS => async {
        let stage = Stage::new().await;
        let (paid, _) = pay(&stage, "order-1", "AUTH").await;
        paid.call(&stage, Call::Sales, &[("Amount", "2179")]).await.errors()
    };
    TOTAL_DIFFERS => async {
        let stage = Stage::with(|plan| plan.shops[0].sales_amount_must_match = true).await;
        let (paid, _) = pay(&stage, "order-1", "AUTH").await;
        paid.call(&stage, Call::Sales, &[("Amount", "2177")]).await.errors()
    };
    AUTHORISATION_EXPIRED => async {
        let stage = Stage::new().await;
        let (paid, _) = pay(&stage, "order-1", "AUTH").await;
        stage.clock.advance(31 * DAY);
        paid.call(&stage, Call::Sales, &[("Amount", "2178")]).await.errors()
    };
    // The browser comes too late; its shop is told by the form that it brings.
    DEADLINE_PASSED => async {
        let stage = Stage::new().await;
        let ready = stage.ready(Order::auth("order-1")).await;
        stage.clock.advance(3 * MINUTE);
        let page = stage.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await;
        result_form(&page).field("ErrInfo").to_owned()
    };
    PERMISSION_UNKNOWN => async {
        let stage = Stage::new().await;
        let unknown = [("AmazonChargePermissionID", "S03-0000000-0000000")];
        stage.shop().call("SearchChargePermissionAmazonpay", &unknown).await.errors()
    };
}
