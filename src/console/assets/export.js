// A long download that shows how far it is. Where the browser lets a page write into a file of its reader's choice, the
// rows go there as they come, and none is kept in memory; elsewhere, and without script, the browser downloads in its own way.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const place = form.dataset.progress && document.getElementById(form.dataset.progress);
  if (!place || !window.showSaveFilePicker) return;
  event.preventDefault();
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  let file;
  try {
    file = await window.showSaveFilePicker({ suggestedName: form.dataset.name, startIn: "downloads" });
  } catch (refusal) {
    // Nobody chose a file. Where a page may not ask at all, the browser's own way is left.
    if (refusal.name !== "AbortError") window.location.assign(address);
    return;
  }
  const button = event.submitter;
  if (button) button.disabled = true;
  await save(address, file, form.dataset, place);
  if (button) button.disabled = false;
});

async function save(address, file, words, place) {
  const [bar, count, said] = ["progress", "[data-count]", "[role=status]"].map((part) => place.querySelector(part));
  bar.removeAttribute("value");
  said.textContent = words.begun;
  place.hidden = false;
  let target;
  try {
    const answer = await fetch(address);
    // The door's page is no list.
    if (answer.redirected) throw new Error(words.signedOut);
    if (!answer.ok) throw new Error(words.failed);
    const all = Number(answer.headers.get("sekisho-rows"));
    if (all) bar.max = all;
    target = await file.createWritable();
    let [rows, told] = [-1, 0];
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      await target.write(value);
      for (const byte of value) if (byte === 10) rows += 1;
      if (all) bar.value = rows;
      count.textContent = `${rows.toLocaleString("en")} / ${all ? all.toLocaleString("en") : words.atLeast}`;
      // Said aloud at every tenth, not at every piece.
      const tenth = all ? Math.floor((rows * 10) / all) : Math.floor(rows / 10_000);
      if (tenth > told) said.textContent = all ? `${tenth * 10}%` : count.textContent;
      told = tenth;
    }
    await target.close();
    if (!all) bar.max = rows;
    bar.value = bar.max;
    said.textContent = words.done;
  } catch (error) {
    await target?.abort().catch(() => {});
    bar.value = 0;
    // A network that breaks says so in the browser's words; the page has better ones.
    said.textContent = [words.signedOut, words.failed].includes(error.message) ? error.message : words.failed;
  }
}
