// What the console does better with JavaScript, and does without: copying with one press, asking before what cannot be
// undone, sending a form only once.
"use strict";

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
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && form.dataset.sent) event.preventDefault();
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
