// Runs in the window of an on-page checkout: asks the shop's page (the opener, where checkout.js listens) what this page
// says, and posts the answer. Each page asks at most once; who is asked what is decided by the server.
(() => {
  "use strict";

  // For a shop's page whose server is slow; a page that is gone is noticed by itself.
  const PATIENCE_MS = 120_000;
  // For a shop's page that is gone itself.
  const CLOSE_MS = 5_000;
  const NAME = "sekishoOnPage";

  const page = document.querySelector("[data-handler]");
  const shop = window.opener;
  const { origin, session, handler, event, complaint } = page.dataset;
  const tell = (message) => shop?.postMessage({ [NAME]: { session, ...message } }, origin);

  if (complaint) tell({ complain: complaint });

  if (page.id === "over") {
    tell({ over: handler, event: JSON.parse(event) });
    // The shop's page closes this window once it has heard; nobody hears a window that is gone.
    setTimeout(() => window.close(), CLOSE_MS);
    return;
  }
  if (page.id !== "relay-form") return;

  const giveUp = () => { document.getElementById("shop-gone").hidden = false; };
  if (!shop || shop.closed) {
    giveUp();
    return;
  }
  const timer = setTimeout(giveUp, PATIENCE_MS);
  window.addEventListener("message", (message) => {
    const answer = message.data?.[NAME];
    if (message.source !== shop || message.origin !== origin || answer?.session !== session || answer.answered !== handler) return;
    clearTimeout(timer);
    page.elements.answer.value = answer.answer;
    page.submit();
  });
  tell({ ask: handler, event: JSON.parse(event) });
})();
