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

// A long download shows how far it is; without script the browser does that in its own way.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const place = form.dataset.progress && document.getElementById(form.dataset.progress);
  if (!place) return;
  event.preventDefault();
  const [bar, said] = [place.querySelector("progress"), place.querySelector("span")];
  bar.removeAttribute("value");
  said.textContent = "";
  place.hidden = false;
  try {
    const answer = await fetch(`${form.action}?${new URLSearchParams(new FormData(form))}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const rows = Number(answer.headers.get("sekisho-rows"));
    if (rows) bar.max = rows;
    const parts = [];
    let seen = -1;
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      for (const byte of value) if (byte === 10) seen += 1;
      if (rows) bar.value = seen;
      said.textContent = rows ? `${seen} / ${rows}` : String(seen);
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))?.[1] ?? "transactions.csv";
    link.click();
    URL.revokeObjectURL(link.href);
    bar.value = bar.max;
    said.textContent = form.dataset.done;
  } catch {
    said.textContent = form.dataset.failed;
  }
  delete form.dataset.sent;
});
