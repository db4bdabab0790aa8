//! Sign-in with an Amazon account; nothing is bought (psp-protocol 7, F).

use anyhow::ensure;

use super::super::Demo;
use super::buyer::Buyer;
use super::review::parameter;
use super::scenario::path_of;
use super::shop::{Fields, Shop, field};
use super::steps::Steps;
use crate::demo_shop::ShopAccount;

/// Plays it.
pub(super) async fn play(demo: &Demo, account: &ShopAccount, steps: &mut Steps) -> anyhow::Result<String> {
    let (shop, buyer) = (Shop::new(&demo.gateway_url, account)?, Buyer::new()?);
    let path = |url: &String| path_of(url);
    let button = buyer.press_button(&demo.sandbox_url, account, "SignIn", &account.buttons.sign_in);
    let page = steps.take("buyer", "press the sign-in button", button, path).await?;
    let back = steps.take("buyer", "sign in", buyer.press(&page, "sign-in", &[]), path).await?;
    let token = parameter(&back, "buyerToken")?;
    let fields = [("AmazonBuyerToken", token.as_str())];
    let search = shop.call("SearchAddressAmazonpay", &fields);
    let shown = |it: &Fields| it.get("AmazonAccountName").cloned().unwrap_or_default();
    let found = steps.take("shop", "SearchAddressAmazonpay", search, shown).await?;
    ensure!(field(&found, "AmazonBuyerID")?.starts_with("amzn1.account."), "no buyer");
    Ok("signed in".to_owned())
}
