//! The steps of the other flows: sessions of every kind, consents and charges on them, the on-page script, and what a
//! shop does after the payment. Buyers of these sessions have no browser until they are sent to Amazon to pay.

use std::collections::BTreeMap;

use sekisho::flow::Shop;
use serde_json::{Value, json};

use super::purchase::{AMOUNT, TAX};
use super::{Answer, Entered, Order, ShopClient, Stage};

/// A consent to monthly charges that is registered.
#[derive(Debug, Clone)]
pub(crate) struct Consented {
    pub(crate) entered: Entered,
    pub(crate) permission: String,
}

/// What a button says for a consent to monthly charges.
pub(crate) fn monthly() -> Value {
    json!({
        "chargePermissionType": "Recurring",
        "recurringMetadata": {"frequency": {"unit": "Month", "value": "1"}},
    })
}

/// What a button says for an order whose amount may grow (amazon-pay 2.4).
pub(crate) fn with_room() -> Value {
    json!({"paymentDetails": {"allowOvercharge": true}})
}

/// What the on-page script says for a payment of `yen`.
pub(crate) fn on_page(intent: &str, yen: u32) -> Value {
    let price = json!({"amount": yen.to_string(), "currencyCode": "JPY"});
    json!({"webCheckoutDetails": null, "paymentDetails": {"paymentIntent": intent, "chargeAmount": price}})
}

/// What a certified provider's button says to Amazon's window for a purchase of `yen`, with which nothing is charged.
pub(crate) fn in_window(yen: u32) -> Value {
    json!({
        "webCheckoutDetails": {"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": "https://shop.example/mfa"},
        "paymentDetails": {
            "paymentIntent": "Confirm",
            "chargeAmount": {"amount": yen.to_string(), "currencyCode": "JPY"},
        },
    })
}

/// What the sandbox is asked for a buyer of the shop who goes `up_to`, and whose button said `terms`. One that says all has
/// no address to choose.
pub(crate) fn play_of(shop: &Shop, terms: &Value, up_to: &str, card: &str) -> Value {
    let mut payload = json!({
        "storeId": shop.settings.store_id,
        "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.example/review"},
    });
    payload.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    let says_all = payload["webCheckoutDetails"]["checkoutMode"] == "ProcessOrder";
    json!({
        "merchantId": shop.settings.merchant_id, "payload": payload, "upTo": up_to, "payment": card,
        "productType": if says_all { "PayOnly" } else { "PayAndShip" },
    })
}

/// The fields of a consent's ExecTran.
pub(crate) const MONTHLY: [(&str, &str); 2] = [("FrequencyUnit", "Month"), ("FrequencyValue", "1")];

impl Stage {
    /// A session of the first shop whose button said `terms`, and whose buyer went `up_to` (`chosen` or `paid`).
    pub(crate) async fn session(&self, terms: Value, up_to: &str) -> String {
        let shop = self.gateway.shops().iter().next().unwrap();
        let play = play_of(&shop, &terms, up_to, "card-1111");
        self.control("checkoutSessions", &play).await["checkoutSessionId"].as_str().unwrap().to_owned()
    }

    /// An order of these amounts for `session`, entered at the first shop.
    pub(crate) async fn entered_for(&self, order: Order, [amount, tax]: [&str; 2], session: String) -> Entered {
        let fields =
            [("OrderID", order.id), ("JobCd", order.job), ("Amount", amount), ("Tax", tax), ("AmazonpayType", "3")];
        let answer = self.shop().call("EntryTranAmazonpay", &fields).await;
        let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
        Entered { order: order.id, session, access_id, access_pass }
    }

    /// An order of the usual amounts to be paid with a consent, or to be refused.
    pub(crate) async fn entered_alone(&self, order: Order) -> Entered {
        self.entered_for(order, [AMOUNT, TAX], String::new()).await
    }

    /// Executes by way of the review page, lets the buyer pay, and answers the Status and permission that the browser
    /// brings to the shop.
    pub(crate) async fn pay(&self, entered: &Entered, more: &[(&str, &str)]) -> (String, String) {
        let fields = [entered.exec_fields(), more.to_vec()].concat();
        let answer = self.shop().call("ExecTranAmazonpay", &fields).await;
        let start = self.browser.start(&answer.field("StartURL"), &entered.access_id, &answer.field("Token")).await;
        let back = self.browser.press(&start.location.unwrap(), "pay", &[]).await;
        let form = self.browser.come_back(&back).await;
        (form.field("Status").to_owned(), form.field("AmazonChargePermissionID").to_owned())
    }

    /// A whole payment whose amount may grow afterwards.
    pub(crate) async fn paid_with_room(&self, order: Order) -> Entered {
        let session = self.session(with_room(), "chosen").await;
        let entered = self.entered_for(order, [AMOUNT, TAX], session).await;
        assert_eq!(self.pay(&entered, &[]).await.0, order.job);
        entered
    }

    /// A payment that was captured after its authorisation.
    pub(crate) async fn sold(&self, id: &'static str) -> Entered {
        let (entered, _) = self.paid(Order::auth(id)).await;
        assert_eq!(entered.sell(self.shop(), AMOUNT, TAX).await.errors(), "");
        entered
    }

    /// A consent of the first shop, registered.
    pub(crate) async fn consented(&self, id: &'static str) -> Consented {
        let session = self.session(monthly(), "chosen").await;
        let entered = self.entered_for(Order::auth(id), ["0", ""], session).await;
        let (status, permission) = self.pay(&entered, &MONTHLY).await;
        assert_eq!(status, "REGISTER");
        Consented { entered, permission }
    }

    /// An order whose buyer has paid inside the shop's page, entered.
    pub(crate) async fn paid_on_page(&self, order: Order) -> Entered {
        let intent = if order.job == "AUTH" { "Authorize" } else { "AuthorizeWithCapture" };
        let session = self.session(on_page(intent, 2178), "paid").await;
        self.entered_for(order, [AMOUNT, TAX], session).await
    }

    /// The buyer or Amazon does something to a permission (`reason` or `payment`).
    pub(crate) async fn befall(&self, permission: &str, what: Value) {
        self.control(&format!("chargePermissions/{permission}"), &what).await;
    }

    /// Everything SearchTradeMulti says of an order.
    pub(crate) async fn trade(&self, order: &str) -> BTreeMap<String, String> {
        self.shop().call("SearchTradeMulti", &[("OrderID", order), ("PayType", "38")]).await.fields()
    }

    /// The AccessID of an order.
    pub(crate) async fn transaction_id(&self, order: &str) -> String {
        self.trade(order).await.remove("AccessID").unwrap()
    }

    /// Amount, Tax, AmazonPayCancelAmount and AmazonPayCancelTax of an order.
    pub(crate) async fn amounts(&self, order: &str) -> [String; 4] {
        let mut trade = self.trade(order).await;
        ["Amount", "Tax", "AmazonPayCancelAmount", "AmazonPayCancelTax"].map(|name| trade.remove(name).unwrap())
    }

    /// The states of all objects of a kind in the ledger, oldest first.
    pub(crate) async fn states(&self, kind: &str) -> Vec<String> {
        let ledger = self.ledger().await;
        let objects = ledger[kind].as_array().unwrap().iter();
        objects.map(|one| one["statusDetails"]["state"].as_str().unwrap().to_owned()).collect()
    }

    /// All movements of money, in order.
    pub(crate) async fn movements(&self) -> Vec<(String, i64)> {
        let ledger = self.ledger().await;
        let movements = ledger["movements"].as_array().unwrap().iter();
        movements.map(|one| (one["kind"].as_str().unwrap().to_owned(), one["amount"].as_i64().unwrap())).collect()
    }

    /// Amazon ends what it does in its own time, such as a refund, and the gateway looks.
    pub(crate) async fn half_a_minute_later(&self) {
        self.clock.advance(31_000);
        self.reconcile().await;
    }

    /// Posts to the sandbox's control API; answers what it says.
    pub(crate) async fn control(&self, page: &str, body: &Value) -> Value {
        let url = self.control_url(page);
        let answer = Answer::read(self.http.post(url).body(body.to_string()).send().await.unwrap()).await;
        assert!((200..300).contains(&answer.status), "{}", answer.windows_31j());
        answer.json()
    }
}

impl Entered {
    /// Calls AmazonpayCancel.
    pub(crate) async fn cancel(&self, shop: &ShopClient, amount: &str, tax: &str) -> Answer {
        shop.call("AmazonpayCancel", &self.and(&[("CancelAmount", amount), ("CancelTax", tax)])).await
    }

    /// Calls AmazonpayChange.
    pub(crate) async fn change(&self, shop: &ShopClient, amount: &str, tax: &str) -> Answer {
        shop.call("AmazonpayChange", &self.and(&[("Amount", amount), ("Tax", tax)])).await
    }

    /// Calls ExecTran on a consent.
    pub(crate) async fn charge(&self, shop: &ShopClient, permission: &str) -> Answer {
        shop.call("ExecTranAmazonpay", &self.and(&[("AmazonChargePermissionID", permission)])).await
    }

    /// Calls ExecTran after the on-page script.
    pub(crate) async fn finalize(&self, shop: &ShopClient) -> Answer {
        shop.call("ExecTranAmazonpay", &self.and(&[("AmazonCheckoutSessionID", &self.session)])).await
    }

    /// How the call names the transaction, and more fields.
    pub(crate) fn and<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        [&self.names(), more].concat()
    }
}

/// Calls CloseChargePermissionAmazonpay.
pub(crate) async fn close(shop: &ShopClient, permission: &str) -> Answer {
    shop.call("CloseChargePermissionAmazonpay", &[("AmazonChargePermissionID", permission)]).await
}

/// Movements, to be held against [`Stage::movements`].
pub(crate) fn moved<const N: usize>(list: [(&str, i64); N]) -> Vec<(String, i64)> {
    list.map(|(kind, amount)| (kind.to_owned(), amount)).to_vec()
}
