//! ExecTranAmazonpay: one call, several ways to pay (psp-protocol 5.2). Which one it is follows from the parameters; each
//! has a file of its own.

use ipnet::IpNet;

use super::exec_apb::ApbPlan;
use super::exec_approved::ApprovedPlan;
use super::exec_review::ReviewPlan;
use super::gate::ret_url_allowed;
use super::{Gateway, Refusal, Shop};
use crate::domain::transaction::Exec;
use crate::domain::{self, AmazonpayType, PaymentType, Status, Transaction, Yen};
use crate::protocol::{Call, ExecTran, ImmediateReply, Reading, RedirectReply, Reply, ReplyField, Way, codes};

/// The two shapes of the answer.
pub enum ExecReply {
    /// The buyer has to go to Amazon.
    Redirect(RedirectReply),
    /// It is done.
    Immediate(ImmediateReply),
}

impl Reply for ExecReply {
    fn fields(&self) -> Vec<ReplyField> {
        match self {
            Self::Redirect(reply) => reply.fields(),
            Self::Immediate(reply) => reply.fields(),
        }
    }
}

impl Gateway {
    /// Executes a transaction.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn exec_tran(&self, reading: Reading<ExecTran>) -> Result<ExecReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::ExecTran, reading).await?;
        let shop = admitted.shop;
        let request = admitted.request;
        if transaction.status() != Status::Unprocessed {
            return Err(Refusal::AlreadyRequested(transaction.status()));
        }
        check(&shop, &transaction, &request, &self.parts.settings.egress_allow)?;
        let exec = |way: domain::Way| Exec {
            way,
            session: None,
            permission: None,
            frequency: request.frequency,
            ret_url: request.way.ret_url().map(|url| url.as_str().to_owned()),
            description: request.description.clone(),
            client_fields: request.client_fields.clone(),
        };
        match &request.way {
            Way::Review { session, .. } => {
                let exec = Exec { session: Some(session.clone()), ..exec(domain::Way::Review) };
                let plan = ReviewPlan { session: session.clone(), exec, term_sec: request.payment_term_sec };
                self.exec_review(&shop, transaction, plan).await.map(ExecReply::Redirect)
            }
            Way::OnDemand { permission } => {
                let exec = Exec { permission: Some(permission.clone()), ..exec(domain::Way::OnDemand) };
                self.exec_on_demand(&shop, transaction, permission, exec).await.map(ExecReply::Immediate)
            }
            Way::Finalize { session } => {
                let exec = Exec { session: Some(session.clone()), ..exec(domain::Way::Finalize) };
                self.exec_finalize(&shop, transaction, session, exec).await.map(ExecReply::Immediate)
            }
            Way::Apb { ship_to, .. } => {
                let ship_to = ship_to.clone();
                let plan = ApbPlan { exec: exec(domain::Way::Apb), ship_to, term_sec: request.payment_term_sec };
                self.exec_apb(&shop, transaction, plan).await.map(ExecReply::Redirect)
            }
            Way::Approved { permission, .. } => {
                let exec = Exec { permission: Some(permission.clone()), ..exec(domain::Way::Approved) };
                let plan = ApprovedPlan { permission: permission.clone(), exec, term_sec: request.payment_term_sec };
                self.exec_approved(&shop, transaction, plan).await
            }
        }
    }
}

/// Whether the request fits what EntryTran said.
fn check(shop: &Shop, transaction: &Transaction, request: &ExecTran, egress_allow: &[IpNet]) -> Result<(), Refusal> {
    let kind = request.payment_type(transaction.payment_type).map_err(|code| Refusal::Parameters(vec![code]))?;
    if transaction.money.total() == Yen::ZERO && kind != PaymentType::Consent {
        return Err(Refusal::NothingToCharge);
    }
    match request.way.ret_url() {
        Some(url) => ret_url_allowed(shop, url.as_str(), egress_allow),
        None => Ok(()),
    }?;
    // The shop signs for what a button of the gateway's begins, Amazon's own window for what a cPSP charges.
    let contract = match request.way {
        Way::Apb { .. } => Some(AmazonpayType::Standard),
        Way::Approved { .. } => Some(AmazonpayType::Cpsp),
        _ => None,
    };
    if contract.is_some_and(|contract| contract != transaction.amazonpay_type) {
        return Err(Refusal::Parameters(vec![codes::COMBINATION]));
    }
    // A consent alone takes no money, so there is nothing that could be captured at once; both JobCds mean the same.
    if matches!(request.way, Way::OnDemand { .. }) && request.frequency.is_some() {
        return Err(Refusal::Parameters(vec![codes::COMBINATION]));
    }
    Ok(())
}
