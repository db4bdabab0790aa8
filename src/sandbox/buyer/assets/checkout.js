// The sandbox's look-alike of Amazon Pay's checkout.js: the part of `amazon.Pay` that a shop's page needs.
//
// It draws a button of its own (no logo, no likeness of Amazon's), and leads the browser to the sandbox's buyer pages
// by posting a plain form to <sandbox>/checkout/initiate; GET that address for the list of its fields. It works under a
// strict Content-Security-Policy of the shop: no inline style, no eval, nothing fetched. The shop's policy must let
// this script load, and must not restrict form-action on the page with the button.
(() => {
  "use strict";

  // The script serves whichever sandbox it came from.
  const home = new URL(document.currentScript.src).origin;

  const SIGNED = ["payloadJSON", "signature"];
  const PLACEMENTS = ["Home", "Product", "Cart", "Checkout", "Other"];
  const PRODUCT_TYPES = ["PayAndShip", "PayOnly", "SignIn"];
  const CHANGES = ["changeAddress", "changePayment"];
  const COLORS = {
    Gold: ["#e9b44c", "#2b2110"],
    LightGray: ["#e6e6e6", "#22262b"],
    DarkGray: ["#40464d", "#ffffff"],
  };
  const WORDS = {
    ja: { pay: "Amazon Pay で支払う", note: "サンドボックス" },
    en: { pay: "Pay with Amazon Pay", note: "sandbox" },
  };

  // Every mistake is told in one place, with what to write instead.
  const complain = (where, what) => console.error(`amazon.Pay.${where}: ${what}`);

  const findElement = (where, selector) => {
    const element = typeof selector === "string" ? document.querySelector(selector) : null;
    if (!element) {
      complain(where, `no element matches ${JSON.stringify(selector)}. Write a CSS selector of an element that is on the page before this call, such as "#AmazonPayButton".`);
    }
    return element;
  };

  const isText = (value) => typeof value === "string" && value !== "";

  // What is wrong with a button's configuration, as sentences; an empty list is good.
  const buttonMistakes = (config) => {
    const mistakes = [];
    if (!isText(config.merchantId)) mistakes.push('merchantId is missing. Write merchantId: "A…", your Amazon Pay merchant id.');
    if (config.ledgerCurrency !== "JPY") mistakes.push('ledgerCurrency is missing or not known here. Write ledgerCurrency: "JPY".');
    if (!PLACEMENTS.includes(config.placement)) mistakes.push(`placement is missing or unknown. Write placement: one of ${PLACEMENTS.join(", ")}.`);
    if (config.productType !== undefined && !PRODUCT_TYPES.includes(config.productType)) mistakes.push(`productType ${JSON.stringify(config.productType)} is unknown. Write one of ${PRODUCT_TYPES.join(", ")}.`);
    return mistakes;
  };

  // A sign-in button carries its signed payload under another name.
  const signedName = (config) => (config.productType === "SignIn" ? "signInConfig" : "createCheckoutSessionConfig");

  const sessionMistakes = (config) => {
    const where = signedName(config);
    const session = config[where];
    if (!session) return [`${where} is missing. Write ${where}: { payloadJSON, signature, algorithm, publicKeyId }.`];
    const mistakes = SIGNED.filter((name) => !isText(session[name])).map(
      (name) => `${where}.${name} is missing or not a string. Write the ${name} that your server made, unchanged.`,
    );
    if (!isText(session.publicKeyId ?? config.publicKeyId)) mistakes.push('publicKeyId is missing. Write publicKeyId: "SANDBOX-…", the id of the key that signed the payload.');
    return mistakes;
  };

  const go = (path, fields, method) => {
    const form = document.createElement("form");
    form.method = method;
    form.action = home + path;
    form.acceptCharset = "utf-8";
    form.hidden = true;
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  };

  const initCheckout = (config) => {
    const mistakes = [...buttonMistakes(config ?? {}), ...sessionMistakes(config ?? {})];
    if (mistakes.length > 0) {
      mistakes.forEach((mistake) => complain("initCheckout", mistake));
      return;
    }
    const session = config[signedName(config)];
    go("/checkout/initiate", {
      merchantId: config.merchantId,
      publicKeyId: session.publicKeyId ?? config.publicKeyId,
      ledgerCurrency: config.ledgerCurrency,
      checkoutLanguage: config.checkoutLanguage ?? "ja_JP",
      productType: config.productType ?? "PayAndShip",
      placement: config.placement,
      payloadJSON: session.payloadJSON,
      signature: session.signature,
      algorithm: session.algorithm ?? "",
    }, "post");
  };

  // Rules for hover and focus cannot be set on an element; a constructed sheet is not "inline style" to a policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .sandbox-pay-button { display: flex; align-items: center; justify-content: center; flex-wrap: wrap; gap: .1rem .5em; width: 100%;
      min-height: 3rem; padding: .6rem; border: 0; border-radius: .6rem; cursor: pointer;
      font-family: inherit; font-size: 1rem; font-weight: 600; line-height: 1.3; }
    .sandbox-pay-button:hover { filter: brightness(1.06); }
    .sandbox-pay-button:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
    .sandbox-pay-note { font-size: .68em; font-weight: 500; border: 1px solid currentColor; border-radius: 99em;
      padding: .05em .7em; opacity: .8; white-space: nowrap; }
  `);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  const drawButton = (config) => {
    const words = String(config.checkoutLanguage ?? "ja_JP").startsWith("ja") ? WORDS.ja : WORDS.en;
    const [paper, ink] = COLORS[config.buttonColor] ?? COLORS.Gold;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sandbox-pay-button";
    button.style.backgroundColor = paper;
    button.style.color = ink;
    const note = document.createElement("span");
    note.className = "sandbox-pay-note";
    note.textContent = words.note;
    button.append(words.pay, note);
    return button;
  };

  const renderButton = (selector, config = {}) => {
    const element = findElement("renderButton", selector);
    const signed = config[signedName(config)];
    const withSession = signed !== undefined;
    const mistakes = [...buttonMistakes(config), ...(withSession ? sessionMistakes(config) : [])];
    mistakes.forEach((mistake) => complain("renderButton", mistake));
    if (withSession && signed.algorithm === undefined) {
      console.warn(`amazon.Pay.renderButton: ${signedName(config)}.algorithm is missing, so AMZN-PAY-RSASSA-PSS is assumed. Write algorithm: "AMZN-PAY-RSASSA-PSS-V2" if that is what your server signs with.`);
    }
    if (!element || mistakes.length > 0) return null;

    let clicked = withSession ? () => initCheckout(config) : () => complain("renderButton", `the button has no ${signedName(config)} and no onClick. Write one of the two.`);
    const button = drawButton(config);
    button.addEventListener("click", (event) => clicked(event));
    element.replaceChildren(button);
    return {
      // Without createCheckoutSessionConfig, the shop decides at the click what to sign, then calls initCheckout.
      onClick: (handler) => { clicked = handler; },
      initCheckout: (late) => initCheckout({ ...config, ...late }),
      updateButtonInfo: () => {},
    };
  };

  const bindChangeAction = (selector, options = {}) => {
    const element = findElement("bindChangeAction", selector);
    const { amazonCheckoutSessionId, changeAction } = options;
    if (!isText(amazonCheckoutSessionId)) {
      complain("bindChangeAction", "amazonCheckoutSessionId is missing. Write the id that the review URL carries.");
    }
    if (!CHANGES.includes(changeAction)) {
      complain("bindChangeAction", `changeAction is missing or unknown. Write one of ${CHANGES.join(", ")}.`);
    }
    if (!element || !isText(amazonCheckoutSessionId) || !CHANGES.includes(changeAction)) return;
    element.addEventListener("click", (event) => {
      event.preventDefault();
      go("/checkout/change", { amazonCheckoutSessionId, changeAction }, "get");
    });
  };

  window.amazon = { ...window.amazon, Pay: { renderButton, initCheckout, bindChangeAction } };
})();
