//! Admission: who asks, is the request right, does the transaction exist and is it theirs (psp-protocol 11.4).
//!
//! A shop that cannot name its password learns nothing but that. A shop that can is told every fault at once, the
//! existence of what it named included. What it may not do at all is judged last here, before any status and amount
//! (docs/adr/0015).

use std::sync::Arc;

use ipnet::IpNet;
use secrecy::ExposeSecret as _;

use super::{Gateway, Refusal, Shop};
use crate::config::{Environment, constant_time_eq};
use crate::domain::access::access_pass;
use crate::domain::{OrderId, ShopId, Status, Transaction};
use crate::egress::{Forbidden, Reach};
use crate::protocol::{Access, AccessPair, Call, ErrInfo, Reading, codes};

/// A call that got past the gate.
pub(super) struct Admitted<T> {
    /// Who asks.
    pub shop: Arc<Shop>,
    /// What for.
    pub request: T,
}

impl Gateway {
    /// Admits a call that names no transaction.
    pub(super) fn admit<T>(&self, call: Call, reading: Reading<T>) -> Result<Admitted<T>, Refusal> {
        let shop = self.authenticate(&reading)?;
        match reading.request {
            Some(request) if reading.faults.is_empty() => {
                contract(&shop, call)?;
                Ok(Admitted { shop, request })
            }
            _ => Err(Refusal::Parameters(reading.faults)),
        }
    }

    /// Admits a call on a transaction named by AccessID, AccessPass and OrderID.
    pub(super) async fn admit_to_transaction<T>(
        &self,
        call: Call,
        mut reading: Reading<T>,
    ) -> Result<(Admitted<T>, Transaction), Refusal> {
        let shop = self.authenticate(&reading)?;
        let found = match &reading.access {
            Access::Missing => None,
            Access::Malformed => Some(Err(Refusal::TransactionUnknown)),
            Access::Pair(pair) => Some(self.find(&shop, pair, reading.order_id.as_ref()).await),
        };
        let found = match found {
            Some(Err(Refusal::Store(error))) => return Err(error.into()),
            Some(Err(refusal)) if reading.faults.is_empty() => return Err(refusal),
            Some(Err(refusal)) => {
                append(&mut reading.faults, &refusal.codes());
                None
            }
            Some(Ok(transaction)) => Some(transaction),
            None => None,
        };
        match (reading.request, found) {
            (Some(request), Some(transaction)) if reading.faults.is_empty() => {
                contract(&shop, call)?;
                Ok((Admitted { shop, request }, transaction))
            }
            _ => Err(Refusal::Parameters(reading.faults)),
        }
    }

    /// Admits a call on a transaction named by its OrderID alone.
    pub(super) async fn admit_to_order<T>(
        &self,
        call: Call,
        mut reading: Reading<T>,
    ) -> Result<(Admitted<T>, Transaction), Refusal> {
        let shop = self.authenticate(&reading)?;
        let found = match &reading.order_id {
            Some(order) => self.parts.store.transaction_of_order(&shop.id, order).await?,
            None => None,
        };
        match (reading.request, found) {
            (Some(request), Some(transaction)) if reading.faults.is_empty() => {
                contract(&shop, call)?;
                Ok((Admitted { shop, request }, transaction))
            }
            (_, None) if reading.order_id.is_some() => {
                append(&mut reading.faults, &Refusal::OrderUnknown.codes());
                Err(Refusal::Parameters(reading.faults))
            }
            _ => Err(Refusal::Parameters(reading.faults)),
        }
    }

    fn authenticate<T>(&self, reading: &Reading<T>) -> Result<Arc<Shop>, Refusal> {
        let Some(credentials) = &reading.credentials else {
            return Err(Refusal::Parameters(reading.faults.clone()));
        };
        self.shop_with_pass(&credentials.shop_id, credentials.shop_pass.expose_secret()).ok_or(Refusal::ShopUnknown)
    }

    fn shop_with_pass(&self, id: &ShopId, pass: &str) -> Option<Arc<Shop>> {
        self.parts.shops.get(id).filter(|shop| shop.admits(pass))
    }

    async fn find(&self, shop: &Shop, pair: &AccessPair, order: Option<&OrderId>) -> Result<Transaction, Refusal> {
        let expected = access_pass(&self.parts.deployment_key, &pair.access_id);
        let transaction = self.parts.store.transaction(&pair.access_id).await?;
        let pass_right = constant_time_eq(expected.as_bytes(), pair.access_pass.expose_secret().as_bytes());
        match transaction {
            Some(transaction) if pass_right => {
                if transaction.shop_id != shop.id {
                    return Err(Refusal::TransactionOfAnotherShop);
                }
                if order.is_some_and(|order| *order != transaction.order_id) {
                    return Err(Refusal::OrderUnknown);
                }
                Ok(transaction)
            }
            _ => Err(Refusal::TransactionUnknown),
        }
    }
}

/// Refuses unless the transaction stands at `wanted`.
pub(super) fn require_status(transaction: &Transaction, wanted: Status) -> Result<(), Refusal> {
    if transaction.status() == wanted { Ok(()) } else { Err(Refusal::Status(transaction.status())) }
}

pub(super) fn contract(shop: &Shop, call: Call) -> Result<(), Refusal> {
    if !shop.settings.enabled {
        return Err(Refusal::ShopSuspended);
    }
    if shop.settings.may_call(call.name()) { Ok(()) } else { Err(Refusal::CallNotContracted) }
}

fn append(faults: &mut Vec<ErrInfo>, more: &[ErrInfo]) {
    for code in more {
        if !faults.contains(code) {
            faults.push(*code);
        }
    }
}

/// Whether buyers of this shop may be sent to `url`. A live shop's must be https (psp-protocol 13.8) and lead nowhere that
/// its notifications may not go. It is the buyer's browser that goes there, so a name is not looked up, and a developer's
/// own network is a sandbox shop's own affair.
pub(super) fn ret_url_allowed(shop: &Shop, url: &str, egress_allow: &[IpNet]) -> Result<(), Refusal> {
    let environment = shop.settings.environment;
    let allowed = match Reach::of(environment, egress_allow).check_url(url) {
        Ok(parsed) => environment == Environment::Sandbox || parsed.scheme() == "https",
        Err(Forbidden::Address { .. }) => environment == Environment::Sandbox,
        Err(_) => false,
    };
    if allowed { Ok(()) } else { Err(Refusal::Parameters(vec![codes::RET_URL_FORMAT])) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::testing::shops;
    use crate::flow::Shops;

    fn shop(environment: Environment) -> Arc<Shop> {
        let mut settings = shops();
        settings.truncate(1);
        if environment == Environment::Live {
            settings[0].environment = environment;
            settings[0].public_key_id = format!("LIVE-{}", "A".repeat(24));
            settings[0].amazon_endpoint = "https://pay-api.amazon.jp".to_owned();
        }
        Shops::open(settings).unwrap().iter().next().unwrap().clone()
    }

    #[test]
    fn buyers_of_a_live_shop_are_sent_over_https_and_nowhere_inside() {
        let (live, sandbox) = (shop(Environment::Live), shop(Environment::Sandbox));
        let allowed = ["192.168.0.0/16".parse().unwrap()];
        for (url, by_live, by_sandbox) in [
            ("https://shop.example/result?cart=1", true, true),
            ("https://192.168.1.1/", true, true),
            ("http://shop.example/", false, true),
            ("http://127.0.0.1:8082/", false, true),
            ("https://127.0.0.1/", false, true),
            ("https://2130706433/", false, true),
            ("https://[::ffff:10.0.0.1]/", false, true),
            ("https://169.254.169.254/latest", false, true),
            ("https://user@shop.example/", false, false),
            ("https://shop.example:443@10.0.0.1/", false, false),
            ("ftp://shop.example/", false, false),
            ("javascript:alert(1)", false, false),
        ] {
            assert_eq!(ret_url_allowed(&live, url, &allowed).is_ok(), by_live, "{url}");
            assert_eq!(ret_url_allowed(&sandbox, url, &allowed).is_ok(), by_sandbox, "{url}");
        }
    }
}
