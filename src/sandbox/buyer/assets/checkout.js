// The sandbox's look-alike of Amazon Pay's checkout.js: the part of `amazon.Pay` that a shop's page needs.
//
// It draws a button of its own (no logo, no likeness of Amazon's), and leads the browser to the sandbox's buyer pages
// by posting a plain form to <sandbox>/checkout/initiate; GET that address for the list of its fields. A button of
// renderJSButton posts to <sandbox>/checkout/on-page/initiate in a window of its own, which then asks this page's
// handlers by messages (on-page.js). It works under a strict Content-Security-Policy of the shop: no inline style, no
// eval, nothing fetched but by signout. The shop's policy must let this script load, must not restrict form-action on the page with
// the button, and must not send a Cross-Origin-Opener-Policy with renderJSButton.
(() => {
  "use strict";

  // The script serves whichever sandbox it came from.
  const home = new URL(document.currentScript.src).origin;

  const SIGNED = ["payloadJSON", "signature"];
  const PLACEMENTS = ["Home", "Product", "Cart", "Checkout", "Other"];
  const PRODUCT_TYPES = ["PayAndShip", "PayAndShipMultiAddress", "PayOnly", "Donation", "SignIn"];
  // Those that renderJSButton has not.
  const NOT_ON_PAGE = ["PayAndShipMultiAddress", "SignIn"];
  const CURRENCIES = ["USD", "EUR", "GBP", "JPY"];
  const LANGUAGES = ["ja_JP", "en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES"];
  const CHANGES = ["changeAddress", "changePayment"];
  const HANDLERS = ["onInitCheckout", "onShippingAddressSelection", "onDeliveryOptionSelection", "onCompleteCheckout", "onCancel", "onError"];
  const NEEDED_HANDLERS = ["onInitCheckout", "onCompleteCheckout", "onCancel"];
  const COLORS = {
    Gold: ["#e9b44c", "#2b2110"],
    LightGray: ["#e6e6e6", "#22262b"],
    DarkGray: ["#40464d", "#ffffff"],
  };
  const WORDS = {
    ja: { pay: "Amazon Pay で支払う", give: "Amazon Pay で寄付する", signIn: "Amazon でサインイン", note: "サンドボックス" },
    en: { pay: "Pay with Amazon Pay", give: "Donate with Amazon Pay", signIn: "Sign in with Amazon", note: "sandbox" },
  };

  // --- Mistakes: every one is told in one place, with what to write instead. ------------------------------------------

  const complain = (where, what) => console.error(`amazon.Pay.${where}: ${what}`);

  // Tells all of them; answers whether there were any.
  const complainOf = (where, mistakes) => {
    mistakes.forEach((mistake) => complain(where, mistake));
    return mistakes.length > 0;
  };

  const findElement = (where, selector) => {
    const element = typeof selector === "string" ? document.querySelector(selector) : null;
    if (!element) {
      complain(where, `no element matches ${JSON.stringify(selector)}. Write a CSS selector of an element that is on the page before this call, such as "#AmazonPayButton".`);
    }
    return element;
  };

  const isText = (value) => typeof value === "string" && value !== "";
  const isFunction = (value) => typeof value === "function";
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const unknown = (name, value, known) => `${name} ${JSON.stringify(value)} is unknown. Write one of ${known.join(", ")}.`;

  const priceMistakes = (name, price) => {
    const fine = isObject(price) && /^\d+(\.\d+)?$/.test(String(price.amount)) && CURRENCIES.includes(price.currencyCode);
    return fine ? [] : [`${name} is not a price. Write ${name}: { amount: "1980", currencyCode: "JPY" }.`];
  };

  // What is wrong with a button's configuration, as sentences; an empty list is good.
  const buttonMistakes = (config) => {
    const mistakes = [];
    if (!isText(config.merchantId)) mistakes.push('merchantId is missing. Write merchantId: "A…", your Amazon Pay merchant id.');
    if (!CURRENCIES.includes(config.ledgerCurrency)) mistakes.push('ledgerCurrency is missing or not known here. Write ledgerCurrency: "JPY".');
    if (!PLACEMENTS.includes(config.placement)) mistakes.push(`placement is missing or unknown. Write placement: one of ${PLACEMENTS.join(", ")}.`);
    if (config.productType !== undefined && !PRODUCT_TYPES.includes(config.productType)) mistakes.push(unknown("productType", config.productType, PRODUCT_TYPES));
    if (config.checkoutLanguage !== undefined && !LANGUAGES.includes(config.checkoutLanguage)) mistakes.push(unknown("checkoutLanguage", config.checkoutLanguage, LANGUAGES));
    if (config.buttonColor !== undefined && !(config.buttonColor in COLORS)) mistakes.push(unknown("buttonColor", config.buttonColor, Object.keys(COLORS)));
    if (config.estimatedOrderAmount !== undefined) mistakes.push(...priceMistakes("estimatedOrderAmount", config.estimatedOrderAmount));
    return mistakes;
  };

  // A sign-in button carries its signed payload under another name.
  const signedName = (config) => (config.productType === "SignIn" ? "signInConfig" : "createCheckoutSessionConfig");

  const signedMistakes = (where, signed, publicKeyId) => {
    if (!isObject(signed)) return [`${where} is missing. Write ${where}: { payloadJSON, signature, algorithm, publicKeyId }.`];
    const mistakes = SIGNED.filter((name) => !isText(signed[name])).map(
      (name) => `${where}.${name} is missing or not a string. Write the ${name} that your server made, unchanged.`,
    );
    if (!isText(signed.publicKeyId ?? publicKeyId)) mistakes.push('publicKeyId is missing. Write publicKeyId: "SANDBOX-…", the id of the key that signed the payload.');
    return mistakes;
  };

  const sessionMistakes = (config) => signedMistakes(signedName(config), config[signedName(config)], config.publicKeyId);

  const warnOfAlgorithm = (where, name, signed) => {
    if (signed?.algorithm === undefined) {
      console.warn(`amazon.Pay.${where}: ${name}.algorithm is missing, so AMZN-PAY-RSASSA-PSS is assumed. Write algorithm: "AMZN-PAY-RSASSA-PSS-V2" if that is what your server signs with.`);
    }
  };

  // --- Leading the browser to the sandbox. ----------------------------------------------------------------------------

  const go = (path, fields, method, target = "_self") => {
    const form = document.createElement("form");
    form.method = method;
    form.action = home + path;
    form.target = target;
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

  const commonFields = (config) => ({
    merchantId: config.merchantId,
    ledgerCurrency: config.ledgerCurrency,
    checkoutLanguage: config.checkoutLanguage ?? "ja_JP",
    productType: config.productType ?? "PayAndShip",
    placement: config.placement,
  });

  const signedFields = (signed, publicKeyId) => ({
    publicKeyId: signed.publicKeyId ?? publicKeyId,
    payloadJSON: signed.payloadJSON,
    signature: signed.signature,
    algorithm: signed.algorithm ?? "",
  });

  const initCheckout = (config = {}) => {
    if (complainOf("initCheckout", [...buttonMistakes(config), ...sessionMistakes(config)])) return;
    go("/checkout/initiate", { ...commonFields(config), ...signedFields(config[signedName(config)], config.publicKeyId) }, "post");
  };

  // --- The button. ----------------------------------------------------------------------------------------------------

  // Rules for hover and focus cannot be set on an element; a constructed sheet is not "inline style" to a policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .sandbox-pay-button { display: flex; align-items: center; justify-content: center; flex-wrap: wrap; gap: .1rem .5em; width: 100%;
      min-height: 3rem; padding: .6rem; border: 0; border-radius: .6rem; cursor: pointer;
      font-family: inherit; font-size: 1rem; font-weight: 600; line-height: 1.3; }
    .sandbox-pay-button:hover { filter: brightness(1.06); }
    .sandbox-pay-button:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
    .sandbox-pay-button[aria-busy="true"] { opacity: .7; }
    .sandbox-pay-note { font-size: .68em; font-weight: 500; border: 1px solid currentColor; border-radius: 99em;
      padding: .05em .7em; opacity: .8; white-space: nowrap; }
  `);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  const drawButton = (config) => {
    const words = String(config.checkoutLanguage ?? "ja_JP").startsWith("ja") ? WORDS.ja : WORDS.en;
    const [paper, ink] = COLORS[config.buttonColor ?? "Gold"];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sandbox-pay-button";
    button.style.backgroundColor = paper;
    button.style.color = ink;
    const note = document.createElement("span");
    note.className = "sandbox-pay-note";
    note.textContent = words.note;
    button.append({ SignIn: words.signIn, Donation: words.give }[config.productType] ?? words.pay, note);
    return button;
  };

  // What an Amazon button would write beside itself is left in an attribute, where a test can read it.
  const note = (button, amount) => {
    if (amount !== undefined) button.dataset.estimatedOrderAmount = `${amount.amount} ${amount.currencyCode}`;
  };

  const renderButton = (selector, config = {}) => {
    const element = findElement("renderButton", selector);
    const signed = config[signedName(config)];
    const withSession = signed !== undefined;
    const mistakes = [...buttonMistakes(config), ...(withSession ? sessionMistakes(config) : [])];
    if (complainOf("renderButton", mistakes) || !element) return null;
    if (withSession) warnOfAlgorithm("renderButton", signedName(config), signed);

    let clicked = withSession ? () => initCheckout(config) : () => complain("renderButton", `the button has no ${signedName(config)} and no onClick. Write one of the two.`);
    const button = drawButton(config);
    note(button, config.estimatedOrderAmount);
    button.addEventListener("click", (event) => clicked(event));
    element.replaceChildren(button);
    return {
      // Without createCheckoutSessionConfig, the shop decides at the click what to sign, then calls initCheckout.
      onClick: (handler) => {
        if (isFunction(handler)) clicked = handler;
        else complain("renderButton", "onClick needs a function. Write button.onClick(() => { … button.initCheckout({ … }) }).");
      },
      initCheckout: (late) => initCheckout({ ...config, ...late }),
      updateButtonInfo: (amount) => {
        if (!complainOf("updateButtonInfo", priceMistakes("estimatedOrderAmount", amount))) note(button, amount);
      },
    };
  };

  // --- Checkout inside the shop's page: a window that asks, and handlers that answer. -----------------------------------

  const TALK = "sekishoOnPage";

  const onPageMistakes = (config) => {
    const mistakes = buttonMistakes(config);
    if (NOT_ON_PAGE.includes(config.productType)) mistakes.push(`productType ${config.productType} does not go with renderJSButton. Write PayAndShip, PayOnly or Donation, or use renderButton.`);
    if (config.checkoutMode !== undefined && config.checkoutMode !== "ProcessOrder") mistakes.push(unknown("checkoutMode", config.checkoutMode, ["ProcessOrder"]));
    for (const name of HANDLERS) {
      if (config[name] === undefined && NEEDED_HANDLERS.includes(name)) mistakes.push(`${name} is missing. Write ${name}: async (event) => { … }.`);
      if (config[name] !== undefined && !isFunction(config[name])) mistakes.push(`${name} is not a function. Write ${name}: async (event) => { … }.`);
    }
    if (config.checkoutSessionConfig === undefined) return [...mistakes, ...onPageSignedMistakes(config)];
    const session = config.checkoutSessionConfig;
    if (!isObject(session)) return [...mistakes, "checkoutSessionConfig is not an object. Write checkoutSessionConfig: { storeId, scopes, paymentDetails }."];
    if (!isText(session.storeId)) mistakes.push('checkoutSessionConfig.storeId is missing. Write storeId: "amzn1.application-oa2-client.…".');
    if (!isText(session.paymentDetails?.paymentIntent)) mistakes.push('checkoutSessionConfig.paymentDetails.paymentIntent is missing. Write paymentDetails: { paymentIntent: "Authorize" }.');
    return mistakes;
  };

  const onPageSignedMistakes = (config) => (config.createCheckoutSessionConfig === undefined
    ? ["checkoutSessionConfig is missing. Write checkoutSessionConfig: { storeId, scopes, paymentDetails: { paymentIntent } }, or a signed createCheckoutSessionConfig."]
    : signedMistakes("createCheckoutSessionConfig", config.createCheckoutSessionConfig, config.publicKeyId));

  // Asks a handler. What it throws is the shop's mistake: told on the console, and an error to the window.
  const ask = async (config, handler, event) => {
    if (!isFunction(config[handler])) return null;
    try {
      return (await config[handler](event)) ?? null;
    } catch (error) {
      complain("renderJSButton", `${handler} failed: ${error?.message ?? error}. Catch it and return { status: "error" }.`);
      return { status: "error" };
    }
  };

  // One checkout at a time: the window, and what to do with what it says.
  const openWindow = (config, ended) => {
    const name = `amazon-pay-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    const popup = window.open("", name, "popup,width=560,height=760");
    if (!popup) {
      complain("renderJSButton", "the browser has blocked the window. Call it from a click, and allow pop-ups for this page.");
      config.onError?.({ reasonCode: "WindowBlocked", message: "the browser has blocked the window" });
      return null;
    }
    const over = () => {
      clearInterval(watch);
      window.removeEventListener("message", hear);
      window.removeEventListener("pagehide", leave);
      ended();
    };
    const hear = async (message) => {
      const said = message.data?.[TALK];
      if (message.source !== popup || message.origin !== home || !said) return;
      if (said.complain) {
        complain("renderJSButton", `${said.complain}.`);
        config.onError?.({ reasonCode: "InvalidAnswer", message: said.complain });
      }
      if (said.ask) {
        const answer = JSON.stringify(await ask(config, said.ask, said.event));
        popup.postMessage({ [TALK]: { session: said.session, answered: said.ask, answer } }, home);
      }
      if (said.over) {
        over();
        popup.close();
        if (said.over === "onCancel") ask(config, "onCancel", said.event);
      }
    };
    // A buyer who closes the window has given up.
    const watch = setInterval(() => {
      if (!popup.closed) return;
      over();
      ask(config, "onCancel", {});
    }, 300);
    const leave = () => popup.close();
    window.addEventListener("message", hear);
    // Only when this page goes away for good: a handler that leads to a thank-you page has answered before.
    window.addEventListener("pagehide", leave);
    return { popup, name };
  };

  const renderJSButton = (selector, config = {}) => {
    const element = findElement("renderJSButton", selector);
    if (complainOf("renderJSButton", onPageMistakes(config)) || !element) return null;
    const unsigned = config.checkoutSessionConfig;
    if (!unsigned) warnOfAlgorithm("renderJSButton", "createCheckoutSessionConfig", config.createCheckoutSessionConfig);

    let current = null;
    const button = drawButton(config);
    note(button, config.estimatedOrderAmount);
    const start = () => {
      if (current) {
        current.popup.focus();
        return;
      }
      current = openWindow(config, () => { current = null; button.removeAttribute("aria-busy"); });
      if (!current) return;
      button.setAttribute("aria-busy", "true");
      const session = unsigned ? { checkoutSessionConfig: JSON.stringify(unsigned) } : signedFields(config.createCheckoutSessionConfig, config.publicKeyId);
      go("/checkout/on-page/initiate", { ...commonFields(config), ...session, origin: location.origin }, "post", current.name);
    };
    button.addEventListener("click", (event) => { event.stopPropagation(); start(); });
    // Shops that hide the button press its element instead.
    element.addEventListener("click", start);
    element.replaceChildren(button);
    return {
      updateButtonInfo: (amount) => {
        if (!complainOf("updateButtonInfo", priceMistakes("estimatedOrderAmount", amount))) note(button, amount);
      },
    };
  };

  // --- Elements of the shop's that lead to the sandbox. ------------------------------------------------------------------

  const bindClick = (element, act) => element.addEventListener("click", (event) => { event.preventDefault(); act(); });

  const bindChangeAction = (selector, options = {}) => {
    const element = findElement("bindChangeAction", selector);
    const { amazonCheckoutSessionId, changeAction } = options;
    const mistakes = [];
    if (!isText(amazonCheckoutSessionId)) mistakes.push("amazonCheckoutSessionId is missing. Write the id that the review URL carries.");
    if (!CHANGES.includes(changeAction)) mistakes.push(`changeAction is missing or unknown. Write one of ${CHANGES.join(", ")}.`);
    if (complainOf("bindChangeAction", mistakes) || !element) return;
    bindClick(element, () => go("/checkout/change", { amazonCheckoutSessionId, changeAction }, "get"));
  };

  const bindUpgradeAction = (selector, options = {}) => {
    const element = findElement("bindUpgradeAction", selector);
    const mistakes = signedMistakes("bindUpgradeAction", options, undefined);
    if (!isText(options.merchantId)) mistakes.push('merchantId is missing. Write merchantId: "A…", your Amazon Pay merchant id.');
    if (complainOf("bindUpgradeAction", mistakes) || !element) return;
    warnOfAlgorithm("bindUpgradeAction", "options", options);
    const { merchantId, checkoutLanguage = "ja_JP" } = options;
    bindClick(element, () => go("/checkout/upgrade", { merchantId, checkoutLanguage, ...signedFields(options) }, "post"));
  };

  // The next buyer in this browser is not asked whether they are the last one. Works where sandbox and shop are on one
  // site (such as two ports of 127.0.0.1), and where the shop's policy allows connect-src to the sandbox.
  const signout = () => fetch(`${home}/checkout/sign-out`, { method: "POST", mode: "no-cors", credentials: "include" })
    .then(() => {}, (error) => complain("signout", `${error.message}. Allow connect-src ${home} in this page's policy.`));

  window.amazon = { ...window.amazon, Pay: { renderButton, renderJSButton, initCheckout, bindChangeAction, bindUpgradeAction, signout } };
})();
