//! Merchants that a solution provider signs up, and their stores. They can be changed, deleted and claimed; they have no
//! keys, so they do not call.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{Millis, random_hex};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{Ledger, not_found};

/// What is told of a merchant or a store: checked as far as it is known, carried as it is.
pub type AccountDetails = Map<String, Value>;

/// A merchant whom a solution provider signed up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MerchantAccount {
    /// `A` and 13 upper-case letters and digits.
    pub id: String,
    /// Who signed it up.
    pub provider_id: String,
    /// The provider's own name for it.
    pub unique_reference_id: String,
    /// What was told.
    pub details: AccountDetails,
    /// Oldest first.
    pub stores: Vec<Store>,
    /// Whether the merchant has been led to take it over.
    pub claimed: bool,
    /// Whether it is gone.
    pub deleted: bool,
    /// When it was made.
    pub created: Millis,
}

/// A store of such a merchant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Store {
    /// `amzn1.application-oa2-client.` and 32 hex digits.
    pub id: String,
    /// What was told.
    pub details: AccountDetails,
}

impl Ledger {
    /// Signs a merchant up.
    ///
    /// # Errors
    /// `InvalidParameterValue` where the provider has an account of that name.
    pub fn create_account(
        &mut self,
        provider_id: &str,
        unique_reference_id: String,
        details: AccountDetails,
    ) -> Result<&MerchantAccount, ApiError> {
        let same = |account: &&MerchantAccount| {
            account.provider_id == provider_id && account.unique_reference_id == unique_reference_id && !account.deleted
        };
        if self.merchant_accounts.iter().any(|account| same(&account)) {
            let message = format!("uniqueReferenceId {unique_reference_id} has an account already");
            return Err(ApiError::new(ReasonCode::InvalidParameterValue, message));
        }
        let draw = |ledger: &Self| format!("A{}", &random_hex::<7>(&*ledger.rng)[..13].to_ascii_uppercase());
        let id = self.unused(draw, |ledger, id| ledger.merchant_accounts.contains_key(id));
        let account = MerchantAccount {
            id: id.clone(),
            provider_id: provider_id.to_owned(),
            unique_reference_id,
            details,
            stores: Vec::new(),
            claimed: false,
            deleted: false,
            created: self.now,
        };
        self.merchant_accounts.insert(id.clone(), account);
        self.account_mut(provider_id, &id).map(|account| &*account)
    }

    /// Changes what `changes` says of an account.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn update_account(&mut self, provider_id: &str, id: &str, changes: AccountDetails) -> Result<(), ApiError> {
        self.account_mut(provider_id, id)?.details.extend(changes);
        Ok(())
    }

    /// Removes an account.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn delete_account(&mut self, provider_id: &str, id: &str) -> Result<(), ApiError> {
        self.account_mut(provider_id, id)?.deleted = true;
        Ok(())
    }

    /// Leads the merchant to take the account over.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidParameterValue` for another name than the account's.
    pub fn claim_account(
        &mut self,
        provider_id: &str,
        id: &str,
        unique_reference_id: Option<&str>,
    ) -> Result<String, ApiError> {
        let account = self.account_mut(provider_id, id)?;
        if unique_reference_id.is_some_and(|name| name != account.unique_reference_id) {
            let message = format!("uniqueReferenceId is not that of merchant account {id}");
            return Err(ApiError::new(ReasonCode::InvalidParameterValue, message));
        }
        account.claimed = true;
        Ok(format!("{}/_control/?merchantAccountId={id}", self.base_url))
    }

    /// Opens a store. Answers its id.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn create_store(&mut self, provider_id: &str, id: &str, details: AccountDetails) -> Result<String, ApiError> {
        let store_id = format!("amzn1.application-oa2-client.{}", random_hex::<16>(&*self.rng));
        let store = Store { id: store_id.clone(), details };
        self.account_mut(provider_id, id)?.stores.push(store);
        Ok(store_id)
    }

    /// Changes what `changes` says of a store.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn update_store(
        &mut self,
        provider_id: &str,
        id: &str,
        store_id: &str,
        changes: AccountDetails,
    ) -> Result<(), ApiError> {
        let account = self.account_mut(provider_id, id)?;
        let store = account.stores.iter_mut().find(|store| store.id == store_id);
        store.ok_or_else(|| not_found("Store", store_id))?.details.extend(changes);
        Ok(())
    }

    fn account_mut(&mut self, provider_id: &str, id: &str) -> Result<&mut MerchantAccount, ApiError> {
        let found = self.merchant_accounts.get_mut(id);
        let found = found.filter(|account| account.provider_id == provider_id && !account.deleted);
        found.ok_or_else(|| not_found("MerchantAccount", id))
    }
}
