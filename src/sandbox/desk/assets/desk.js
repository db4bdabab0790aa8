// The desk's own script. A page is whole without it. Where an element has data-live (milliseconds), the page is fetched
// again that often, and each element inside that has an id and data-fresh takes over what the newer page has in its place.
// Whoever types, chooses or has opened something there is not disturbed.
"use strict";

const live = document.querySelector("[data-live]");
// What each element took over last, so that nothing is touched while nothing changes.
const taken = new Map();

function isInUse(element) {
  const focused = document.activeElement;
  const typing = focused && element.contains(focused) && focused.matches("input, select, textarea");
  const selection = document.getSelection();
  const selecting = selection && !selection.isCollapsed && element.contains(selection.anchorNode);
  return typing || selecting;
}

// A link or button that has the focus is found again by its place among its kind.
function keepingFocus(element, change) {
  const focusable = () => [...element.querySelectorAll("a, button, summary")];
  const place = focusable().indexOf(document.activeElement);
  const opened = [...element.querySelectorAll("details")].map((one) => one.open);
  const scrolled = [...element.querySelectorAll(".scroll, pre")].map((one) => [one.scrollLeft, one.scrollTop]);
  change();
  element.querySelectorAll("details").forEach((one, index) => { one.open = opened[index] ?? one.open; });
  element.querySelectorAll(".scroll, pre").forEach((one, index) => {
    [one.scrollLeft, one.scrollTop] = scrolled[index] ?? [0, 0];
  });
  if (place >= 0) focusable()[place]?.focus({ preventScroll: true });
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) return;
  const newer = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const element of live.querySelectorAll("[data-fresh][id]")) {
    const fresh = newer.getElementById(element.id);
    if (fresh && fresh.innerHTML !== taken.get(element.id) && !isInUse(element)) {
      taken.set(element.id, fresh.innerHTML);
      keepingFocus(element, () => element.replaceChildren(...fresh.childNodes));
    }
  }
  live.dataset.refreshed = String(Number(live.dataset.refreshed ?? 0) + 1);
}

async function poll(every) {
  for (;;) {
    await new Promise((done) => { setTimeout(done, every); });
    if (document.hidden) continue;
    // The sandbox may be stopped for a while; the page then keeps what it has.
    try { await refresh(); } catch { live.dataset.unreachable = "true"; }
  }
}

if (live) poll(Number(live.dataset.live) || 2000);
