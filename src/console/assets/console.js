// What the console does better with JavaScript, and does without: copying with one press, sending a form only once; and, by
// htmx, parts of a page instead of a whole one. Which parts say the templates.
"use strict";

// What only makes sense where scripts run is shown by this (console.css).
document.documentElement.classList.add("scripted");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const said = document.getElementById(button.getAttribute("aria-describedby"));
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    if (said) said.textContent = button.dataset.copied;
  } catch {
    // Not allowed to, as on a page without https: selected, it is one key press away.
    source.focus();
    source.select?.();
    if (said) said.textContent = button.dataset.notCopied;
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  // Those that htmx sends, it sends once by itself (hx-sync).
  if (form.method !== "post" || form.hasAttribute("hx-boost")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

// Back from the next page a form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Fields that only make sense with another's value are shown with it; without script all are there.
function follow(select) {
  for (const part of document.querySelectorAll(`[data-shown-with="${select.name}"]`)) {
    part.hidden = !part.dataset.shownFor.split(" ").includes(select.value);
  }
}
for (const select of document.querySelectorAll("select[data-leads]")) {
  select.addEventListener("change", () => { follow(select); });
  follow(select);
}

// --- Parts of pages --------------------------------------------------------------------------------------------------

// Addresses stay short: a search names what was filled in.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.request.method !== "GET" || !(ctx.request.body instanceof FormData)) return;
  const blank = [...ctx.request.body].filter(([, value]) => value === "").map(([name]) => name);
  for (const name of new Set(blank)) ctx.request.body.delete(name);
});

// A page that renews itself rests where nobody looks at it or has touched anything for a while, so that a desk that was
// left is signed out in its time.
const RESTS_AFTER = 10 * 60_000;
let touched = Date.now();
for (const sign of ["pointerdown", "pointermove", "keydown", "scroll"]) {
  window.addEventListener(sign, () => { touched = Date.now(); }, { passive: true });
}
document.addEventListener("htmx:before:request", (event) => {
  const part = event.detail.ctx.sourceElement;
  if (!part.hasAttribute("data-renews")) return;
  if (document.hidden || Date.now() - touched > RESTS_AFTER) event.preventDefault();
});

// An answer without the part that was wanted is another page, the door's for instance: go there.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const main = tasks.find((task) => task.type === "main");
  if (!ctx.select || main?.fragment.firstElementChild) return;
  event.preventDefault();
  window.location.assign(ctx.request.method === "GET" ? ctx.request.action : window.location.href);
});

// What has come is said to those who cannot see it, and whoever pressed something that is gone stands before it.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.hasAttribute?.("data-renews") || !ctx.select?.startsWith("#")) return;
  const part = document.querySelector(ctx.select);
  if (!part) return;
  const said = part.dataset.said ?? part.querySelector("#notice")?.textContent ?? part.querySelector("h1")?.textContent;
  document.getElementById("said").textContent = said ?? "";
  if (document.activeElement === document.body || !document.activeElement) part.focus({ preventScroll: true });
});

// What is open on a page that renews itself stays open.
window.htmx?.registerExtension("stays-open", {
  htmx_before_morph_attr: (element, { attrName }) => !(element.tagName === "DETAILS" && attrName === "open"),
});
