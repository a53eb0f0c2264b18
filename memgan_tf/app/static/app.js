// The page is made by the server; this script fetches its parts again, sends files and decisions.
"use strict";

const $ = (selector, within = document) => within.querySelector(selector);
const state = { version: null, uploads: [], sending: 0, sent: 0, lastDecided: null, opacity: 60, threshold: null };
const SENDERS = 2, SLOW = 3000, FAST = 700, MOST_SHOWN = 600;

async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Error("memgan app does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  let reason = (await answer.text()).slice(0, 500);
  try { reason = JSON.parse(reason).error || reason; } catch { /* plain text */ }
  const error = new Error(reason);
  error.status = answer.status;
  throw error;
}

const post = (address, body) =>
  ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })
    .then((answer) => answer.json());

function say(text, isError = false) {
  const message = $("#message");
  message.textContent = text;
  message.classList.toggle("error", isError);
  message.hidden = !text;
}

async function trying(action) {
  try { return await action(); } catch (error) { say(error.message, true); return undefined; }
}

const filter = () => document.body.dataset.filter;
const current = () => $("#viewer article")?.dataset.image || "";

async function replace(selector, address) {
  const text = await (await ask(address)).text();
  // The server has escaped every name in it.
  $(selector).innerHTML = text;
}

function mark() {
  for (const link of document.querySelectorAll("#strip a")) {
    const isCurrent = link.dataset.image === current();
    link.toggleAttribute("aria-current", isCurrent);
    if (isCurrent) link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function showOpacity() {
  const map = $("#viewer .map"), slider = $("#opacity");
  if (slider) slider.value = state.opacity;
  if (map) map.style.opacity = state.opacity / 100;
}

async function showNeighbors() {
  const place = $("#neighbors");
  if (!place) return;
  const wanted = place.dataset.image;
  const text = await (await ask(`/part/neighbors?image=${wanted}`)).text();
  if (current() === wanted && $("#neighbors")) $("#neighbors").innerHTML = text;
}

async function open(image, keepAddress = false) {
  const query = new URLSearchParams({ image, filter: filter() });
  await replace("#viewer", `/part/viewer?${query}`);
  if (!keepAddress) history.replaceState(null, "", `/?${query}`);
  showOpacity();
  mark();
  await showNeighbors();
}

async function showStrip(count) {
  const shown = count || Math.min(MOST_SHOWN, Math.max(60, document.querySelectorAll("#strip a").length));
  await replace("#strip", `/part/strip?${new URLSearchParams({ filter: filter(), count: shown })}`);
  mark();
}

async function showMore() {
  const list = $("#strip ol"), last = $("#strip li:last-child a");
  if (!list || list.dataset.more !== "yes" || list.dataset.loading) return;
  list.dataset.loading = "yes";
  const query = new URLSearchParams({ filter: filter(), before: last.dataset.image });
  const part = document.createElement("div");
  part.innerHTML = await (await ask(`/part/strip?${query}`)).text();
  const added = $("ol", part);
  list.dataset.more = added.dataset.more;
  list.append(...added.querySelectorAll("li:not(.empty)"));
  delete list.dataset.loading;
}

async function showPanel() {
  await replace("#panel", "/part/panel");
  const step = $("#step");
  // Another page may have changed the list: what counts is the threshold, not its place.
  const place = step ? thresholds(step).indexOf(state.threshold) : -1;
  if (place >= 0) {
    step.value = place;
    await showPrice();
  }
}

function thresholds(step) {
  return step.dataset.thresholds.split(" ");
}

function chosen() {
  const step = $("#step");
  return thresholds(step)[Number(step.value)];
}

async function showPrice() {
  const step = $("#step");
  state.threshold = chosen();
  await replace("#price", `/part/price?threshold=${encodeURIComponent(state.threshold)}`);
  const button = $("#set-threshold");
  if (button) button.disabled = step.value === step.defaultValue;
}

async function decide(decision, image = current()) {
  if (!image) return;
  const next = $("#viewer article").dataset.next;
  await post("/decide", { image, decision, who: $("#who").value });
  state.lastDecided = decision === "withdrawn" ? null : image;
  say("");
  await open(decision !== "withdrawn" && next ? next : image);
  await refresh(true);
}

async function go(where) {
  const found = $("#viewer article")?.dataset[where];
  if (found) await open(found);
}

async function choose(name) {
  document.body.dataset.filter = name;
  for (const button of document.querySelectorAll(".filters button")) {
    button.setAttribute("aria-pressed", String(button.dataset.filter === name));
  }
  await showStrip(60);
  await open($("#strip a")?.dataset.image || current());
}

async function random() {
  const found = await (await ask("/random")).json();
  if (found.image) await open(found.image); else say("Every image is decided.");
}

function showProgress(status) {
  const left = state.uploads.length + state.sending;
  const parts = [`${status.scored} scored`];
  if (status.waiting) parts.push(`${status.waiting} waiting`);
  if (left) parts.push(`${left} to be sent`);
  if (status.failed) parts.push(`${status.failed} left out`);
  if (status.error) parts.push(status.error);
  $("#progress-text").textContent = parts.join(", ");
  const todo = status.waiting + left;
  if (!todo) state.sent = 0;
  $("#bar").max = Math.max(1, state.sent + left, todo);
  $("#bar").value = $("#bar").max - todo;
}

async function refresh(force = false) {
  const status = await (await ask("/status")).json();
  showProgress(status);
  if (status.version !== state.version || force) {
    const isFirst = state.version === null;
    state.version = status.version;
    if (!isFirst || force) {
      await showStrip();
      await showPanel();
      // The training images may be ready now.
      if (!$(".neighbors")) await showNeighbors();
      if (!current() && $("#strip a")) await open($("#strip a").dataset.image, true);
    }
  }
  return status.waiting > 0 || state.uploads.length > 0;
}

async function watch() {
  let isBusy = false;
  try {
    if (!document.hidden) isBusy = await refresh();
    if ($("#message").dataset.lost) { say(""); delete $("#message").dataset.lost; }
  } catch (error) {
    say(error.message, true);
    $("#message").dataset.lost = "yes";
  }
  setTimeout(watch, isBusy ? FAST : SLOW);
}

async function send() {
  if (state.sending >= SENDERS) return;
  const file = state.uploads.shift();
  if (!file) return;
  state.sending += 1;
  try {
    await ask(`/drop?${new URLSearchParams({ name: file.name })}`, { method: "POST", body: file });
    state.sent += 1;
  } catch (error) {
    if (error.status === 503) state.uploads.push(file);
    else say(`${file.name}: ${error.message}`, true);
  }
  state.sending -= 1;
  send();
}

function add(files) {
  state.uploads.push(...files);
  for (let i = 0; i < SENDERS; i += 1) send();
  trying(refresh);
}

async function filesBelow(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const part = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!part.length) return found;
    for (const inner of part) found.push(...await filesBelow(inner));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) { add(transfer.files); return; }
  for (const entry of entries) add(await filesBelow(entry));
}

async function act(address, body, button) {
  button.disabled = true;
  say("…");
  const answer = await trying(() => post(address, body));
  if (answer) say(answer.message);
  state.threshold = null;
  await trying(async () => { await refresh(true); if (current()) await open(current()); });
}

function toggleMap() {
  const map = $("#viewer .map");
  if (map) map.hidden = !map.hidden;
}

function strengthen(change) {
  state.opacity = Math.min(100, Math.max(0, state.opacity + change));
  showOpacity();
}

const KEYS = {
  g: () => decide("good"), d: () => decide("defect"),
  u: () => decide("withdrawn", state.lastDecided || current()),
  j: () => go("next"), ArrowRight: () => go("next"),
  k: () => go("previous"), ArrowLeft: () => go("previous"),
  r: random, m: toggleMap, "+": () => strengthen(10), "-": () => strengthen(-10),
  "?": () => $("#keys-button").click(),
};
["all", "alarms", "undecided", "good", "defect"].forEach((name, i) => { KEYS[String(i + 1)] = () => choose(name); });

let working = Promise.resolve();
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=range])")) return;
  if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  // One after the other: two quick keys never decide the same image twice.
  working = working.then(() => trying(action));
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a[data-image]");
  if (!target) return;
  if (target.dataset.image) { event.preventDefault(); trying(() => open(target.dataset.image)); }
  else if (target.dataset.decide) working = working.then(() => trying(() => decide(target.dataset.decide)));
  else if (target.dataset.go) trying(() => go(target.dataset.go));
  else if (target.dataset.filter) trying(() => choose(target.dataset.filter));
  else if (target.id === "set-threshold") act("/threshold", { threshold: chosen() }, target);
  else if (target.id === "recalibrate") act("/recalibrate", {}, target);
  else if (target.id === "export") act("/export", {}, target);
  else if (target.id === "keys-button") {
    $("#keys").hidden = !$("#keys").hidden;
    target.setAttribute("aria-expanded", String(!$("#keys").hidden));
  }
});

document.addEventListener("input", (event) => {
  if (event.target.id === "opacity") { state.opacity = Number(event.target.value); showOpacity(); }
  if (event.target.id === "step") trying(showPrice);
});
$("#files").addEventListener("change", (event) => { add(event.target.files); event.target.value = ""; });
$("#who").value = localStorage.getItem("who") || "";
$("#who").addEventListener("change", (event) => localStorage.setItem("who", event.target.value.trim()));
$("#strip").addEventListener("scroll", (event) => {
  const strip = event.target;
  if (strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 400) trying(showMore);
});

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); $("#drop-hint").hidden = false; });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("#drop-hint").hidden = true; });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("#drop-hint").hidden = true;
  trying(() => dropped(event.dataTransfer));
});

showOpacity();
mark();
trying(showNeighbors);
watch();
