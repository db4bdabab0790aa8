// Draws the Amazon Pay button with what the driver signed, as a shop's page would, and binds the links back to address and
// card. Without scripts the plain forms and links beside them do the same.
"use strict";

const button = document.querySelector("#AmazonPayButton");
if (button) {
  const { merchantId, publicKeyId, ledgerCurrency, checkoutLanguage, productType, placement } = button.dataset;
  const { payload: payloadJSON, signature, algorithm } = button.dataset;
  amazon.Pay.renderButton("#AmazonPayButton", {
    merchantId, publicKeyId, ledgerCurrency, checkoutLanguage, productType, placement,
    createCheckoutSessionConfig: { payloadJSON, signature, algorithm },
  });
}

for (const link of document.querySelectorAll("[data-change-action]")) {
  const { amazonCheckoutSessionId, changeAction } = link.dataset;
  amazon.Pay.bindChangeAction(`#${link.id}`, { amazonCheckoutSessionId, changeAction });
}
