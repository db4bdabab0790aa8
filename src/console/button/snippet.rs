//! The snippet that a shop puts into its page, and the preview's, which is the same with a nonce.

use super::form::Form;
use crate::amazonpay::ButtonSignature;
use crate::config::Environment;
use crate::flow::Shop;

/// The HTML that draws the button. Whatever stands in it is the shop's settings, a word out of a list, or a payload in which
/// nothing needs escaping (`amazonpay::ButtonError::Unsafe`).
pub(super) fn snippet(shop: &Shop, form: &Form, signed: &ButtonSignature, nonce: Option<&str>) -> String {
    let nonce = nonce.map(|nonce| format!(" nonce=\"{nonce}\"")).unwrap_or_default();
    let config = if form.product_type == "SignIn" { "signInConfig" } else { "createCheckoutSessionConfig" };
    format!(
        r##"<div id="AmazonPayButton"></div>
<script{nonce} src="{script}"></script>
<script{nonce}>
  amazon.Pay.renderButton("#AmazonPayButton", {{
    merchantId: "{merchant_id}",
    ledgerCurrency: "JPY",
    sandbox: {sandbox},
    checkoutLanguage: "{language}",
    productType: "{product_type}",
    placement: "{placement}",
    buttonColor: "{color}",
    {config}: {{
      payloadJSON: '{payload}',
      signature: "{signature}",
      algorithm: "{algorithm}",
      publicKeyId: "{public_key_id}"
    }}
  }});
</script>
"##,
        script = shop.merchant.checkout_script_url(),
        merchant_id = shop.settings.merchant_id,
        sandbox = shop.settings.environment == Environment::Sandbox,
        language = form.language,
        product_type = form.product_type,
        placement = form.placement,
        color = form.color,
        payload = signed.payload,
        signature = signed.signature,
        algorithm = signed.algorithm,
        public_key_id = signed.public_key_id,
    )
}

/// Where the preview's script comes from: only a simulator's, for Amazon's draws on registered domains alone. `None` for a
/// live shop, too: no page of ours begins a payment with real money.
pub(super) fn preview_origin(shop: &Shop) -> Option<String> {
    let is_sandbox = shop.settings.environment == Environment::Sandbox;
    let origin = shop.settings.amazon_endpoint.trim_end_matches('/');
    let is_simulated = shop.merchant.checkout_script_url().strip_prefix(origin) == Some("/checkout.js");
    (is_sandbox && is_simulated).then(|| origin.to_owned())
}

/// The preview's own policy: the simulator's script and its buyer pages; and a browser's sandbox without an origin, so that
/// the script is a stranger to the console, though it comes from the same host.
pub(super) fn preview_policy(origin: &str, nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' {origin}; style-src 'nonce-{nonce}'; img-src data:; \
         form-action {origin}; base-uri 'none'; frame-ancestors 'self'; \
         sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox"
    )
}
