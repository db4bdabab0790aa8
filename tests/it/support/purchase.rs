//! The steps of a purchase at the first shop, so that a test can stop after any of them.

use super::browser::HANAKO;
use super::{Answer, ResultForm, ShopClient, Stage};

/// What is bought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) id: &'static str,
    pub(crate) job: &'static str,
    pub(crate) card: &'static str,
}

/// Price and tax of every order; 2178 together.
pub(crate) const AMOUNT: &str = "1980";
pub(crate) const TAX: &str = "198";

impl Order {
    /// An order to be authorised, with a card that works.
    pub(crate) const fn auth(id: &'static str) -> Self {
        Self { id, job: "AUTH", card: "card-1111" }
    }

    /// An order to be captured at once, with a card that works.
    pub(crate) const fn capture(id: &'static str) -> Self {
        Self { id, job: "CAPTURE", card: "card-1111" }
    }
}

/// A transaction that was entered, and a checkout session that is to pay it.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    pub(crate) order: &'static str,
    pub(crate) session: String,
    pub(crate) access_id: String,
    pub(crate) access_pass: String,
}

/// A transaction that was executed: the buyer may set out.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) entered: Entered,
    pub(crate) token: String,
    pub(crate) start_url: String,
}

impl Entered {
    /// The pair and the order, as every call on a transaction names it.
    pub(crate) fn names(&self) -> [(&str, &str); 3] {
        [("AccessID", &self.access_id), ("AccessPass", &self.access_pass), ("OrderID", self.order)]
    }

    /// ExecTran's parameters.
    pub(crate) fn exec_fields(&self) -> Vec<(&str, &str)> {
        let mut fields = self.names().to_vec();
        fields.push(("AmazonCheckoutSessionID", &self.session));
        fields.push(("RetURL", "https://shop.example/result?cart=1&x=%E3%81%82"));
        fields
    }

    /// Calls ExecTran.
    pub(crate) async fn exec(&self, shop: &ShopClient) -> Answer {
        shop.call("ExecTranAmazonpay", &self.exec_fields()).await
    }

    /// Calls AmazonpaySales.
    pub(crate) async fn sell(&self, shop: &ShopClient, amount: &str, tax: &str) -> Answer {
        let mut fields = self.names().to_vec();
        fields.extend([("Amount", amount), ("Tax", tax)]);
        shop.call("AmazonpaySales", &fields).await
    }
}

impl Stage {
    /// A buyer chooses at Amazon, the shop enters the order.
    pub(crate) async fn entered(&self, order: Order) -> Entered {
        let session = self.browser.choose_at_amazon(self.shop(), HANAKO, order.card).await;
        let fields =
            [("OrderID", order.id), ("JobCd", order.job), ("Amount", AMOUNT), ("Tax", TAX), ("AmazonpayType", "3")];
        let answer = self.shop().call("EntryTranAmazonpay", &fields).await;
        let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
        Entered { order: order.id, session, access_id, access_pass }
    }

    /// The same, and the shop executes.
    pub(crate) async fn ready(&self, order: Order) -> Ready {
        let entered = self.entered(order).await;
        let answer = entered.exec(self.shop()).await;
        Ready { token: answer.field("Token"), start_url: answer.field("StartURL"), entered }
    }

    /// The same, and the buyer sets out; answers Amazon's page as well.
    pub(crate) async fn at_amazon(&self, order: Order) -> (Entered, String) {
        let ready = self.ready(order).await;
        let answer = self.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await;
        assert_eq!(answer.status, 302);
        (ready.entered, answer.location.unwrap())
    }

    /// The same, and the buyer pays; answers the address at which the browser comes back as well.
    pub(crate) async fn agreed(&self, order: Order) -> (Entered, String) {
        let (entered, page) = self.at_amazon(order).await;
        let back = self.browser.press(&page, "pay", &[]).await;
        (entered, back)
    }

    /// The same, and the browser comes back: a whole payment.
    pub(crate) async fn paid(&self, order: Order) -> (Entered, ResultForm) {
        let (entered, back) = self.agreed(order).await;
        let form = self.browser.come_back(&back).await;
        (entered, form)
    }
}
