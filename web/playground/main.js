// The playground: a program, what it is run with, its result, and earlier ones. The job that is shown stands in the
// hash, the program that is written in this browser's storage: both outlive a reload.

import { get, post, remove } from "../api.js";
import { read, write } from "../kept.js";
import { Live } from "../live.js";
import { $, announce, el, loginHere, say, sentence, start, sure, toast } from "../ui.js";
import { EXAMPLES, filesOf, firstOf } from "./examples.js";
import { Files } from "./files.js";
import { isOver } from "./job.js";
import { Past } from "./past.js";
import { Result } from "./result.js";
import { Setup } from "./setup.js";

/** How long after a change the draft is kept, in ms. */
const KEEP_MS = 500;

/** The largest draft that is kept, in characters: storage is shared by all pages, and has some MiB. */
const DRAFT_MAX = 1_000_000;

/** After how long a job is asked for again whose room was not ready, in ms. */
const AGAIN_MS = 1000;

let account = null;
let known = { languages: [], missing: [], sandbox: { ready: false } };
/** The id of the job that is shown; null for none. */
let shown = null;
/** True if the program was changed since it was last run, opened or chosen. */
let edited = false;
/** True while a program is on its way to the server. */
let busy = false;
/** Of the job that is shown: whether its input was closed from the start, whether it has ended, and in which attempt. */
let [closed, ended, attempt] = [false, false, 0];
let keeping = null;

const files = new Files(changed);
const setup = new Setup(changed);
const result = new Result(moved);
const past = new Past((id) => open(id).catch(say));
const live = new Live((state) => {
  $("#connection").textContent = state;
  $("#connection").className = `badge ${state}`;
});

const languageOf = (id) => known.languages.find((one) => one.id === id);

function changed() {
  edited = true;
  $("#says").textContent = "\u00a0";
  later();
}

/** Keeps the draft in a moment. */
function later() {
  clearTimeout(keeping);
  keeping = setTimeout(keep, KEEP_MS);
}

function keep() {
  const draft = { language: $("#language").value, files: files.all, setup: setup.all, edited, says: $("#says").textContent };
  if (draft.language && JSON.stringify(draft).length <= DRAFT_MAX) write("playground", draft);
}

/** Puts a program in place of what is there. */
function fill({ language, files: all, setup: with_ = {} }, says = "\u00a0") {
  if (languageOf(language)) $("#language").value = language;
  spoken = $("#language").value;
  files.speak(language);
  files.all = all;
  setup.all = with_;
  setup.usual(languageOf(language));
  $("#says").textContent = says;
  edited = false;
  later();
}

/** True if what is written may be replaced. */
const mayReplace = async () => !edited || sure("Replace the program?", "What you wrote is not kept anywhere else.", "Replace it");

function choose(example) {
  fill({ language: example.language, files: filesOf(example), setup: example.setup }, example.says);
  announce(example.says);
}

/** The language that was chosen before. */
let spoken = null;

/** Another language: an untouched program gives way to what that language begins with; of another the file that is
 * compiled gets the name that it must have. */
function speak() {
  const [was, now] = [languageOf(spoken), languageOf($("#language").value)];
  const first = firstOf(now.id);
  spoken = now.id;
  if (!edited && first) { choose(first); return; }
  if (files.all[0].name === was?.file) files.renameFirst(now.file);
  files.speak(now.id);
  setup.usual(now);
  later();
}

function listLanguages() {
  const missing = known.missing.map(({ id, name, package: brings }) => el("option", { value: id, disabled: true }, `${name} (apt install ${brings})`));
  $("#language").replaceChildren(...known.languages.map(({ id, name, version }) => el("option", { value: id }, `${name} ${version}`)), missing.length > 0 && el("optgroup", { label: "Not on this machine" }, ...missing));
  $("#language").disabled = known.languages.length === 0;
  $("#checker-language").replaceChildren(...known.languages.map(({ id, name }) => el("option", { value: id }, name)));
  const there = known.languages.map(({ name, version }) => `${name} ${version}`).join(", ");
  const lacking = known.missing.map(({ name, package: brings }) => `${name} (apt install ${brings})`).join(", ");
  $("#speaks").textContent = `${there || "None"}.${lacking ? ` Missing: ${lacking}.` : ""}`;
}

function listExamples() {
  const there = known.languages.length ? EXAMPLES.filter(({ language }) => languageOf(language)) : EXAMPLES;
  const chip = (example) => el("button", { type: "button", class: "quiet", "data-example": example.id, onclick: async () => { if (await mayReplace()) choose(example); } }, example.title);
  $("#good").replaceChildren(...there.filter(({ hostile }) => !hostile).map(chip));
  $("#hostile").replaceChildren(...there.filter(({ hostile }) => hostile).map(chip));
}

/** Says what keeps programs from being run, if anything does. */
function ready() {
  const { ready: can, reason, mend } = known.sandbox;
  if (!can) {
    $("#unready").hidden = false;
    $("#reason").textContent = sentence(reason ?? "the server did not say why");
    $("#mend").textContent = mend ? sentence(mend) : "";
    $("#hint").textContent = "Nothing can be run here: see the result.";
  } else if (!account) $("#hint").replaceChildren(el("a", { href: loginHere() + encodeURIComponent(location.hash) }, "Log in"), " to run it.");
  $("#run").disabled = $("#judge").disabled = !can || !account;
}

/** Hands the program in, to be run or `judged`. What still runs of an earlier one is called off. */
async function handIn(judged) {
  if (busy || $("#run").disabled) return;
  if (judged && !$("#tests").children.length) {
    toast("There is no test yet: add the first.");
    $("#add-test").focus();
    return;
  }
  const asked = setup.request(judged);
  if (!asked) return;
  busy = true;
  try {
    if (shown && result.view && !isOver(result.view)) await remove(`/api/jobs/${shown}`).catch(() => {});
    const job = await post("/api/jobs", { language: $("#language").value, files: files.all, ...asked });
    edited = false;
    keep();
    follow(job.id, asked.interactive === false);
    if (job.phase === "queued") result.place(job);
    location.hash = job.id;
    past.read().catch(() => {});
  } catch (problem) { say(problem); } finally { busy = false; }
}

/** Shows the job `id` and what becomes of it; its input is over from the start if it is `whole`. */
function follow(id, whole = false) {
  if (id === shown) return;
  if (shown) live.unsubscribe(`job:${shown}`);
  live.unsubscribe("queue:judge");
  shown = id;
  [closed, ended, attempt] = [whole, whole, 0];
  past.show(id);
  result.clear(id ? "Looking for the job …" : "Nothing has run yet.");
  feeds();
  $("#cancel").disabled = true;
  if (id) subscribe(id);
}

function subscribe(id) {
  live.subscribe(`job:${id}`, {
    view: (view) => result.whole(view),
    change: (change) => result.change(change),
    error: (error) => {
      if (id !== shown) return;
      if (error.temporary) { setTimeout(() => { if (id === shown) { live.unsubscribe(`job:${id}`); subscribe(id); } }, AGAIN_MS); return; }
      result.clear(account ? "There is no such job, or it is not yours." : "Log in to see the job.");
    },
  });
}

/** The job that is shown stands elsewhere now. */
function moved(view) {
  const over = isOver(view);
  // What begins anew reads anew.
  if (view.attempt !== attempt) [ended, attempt] = [closed, view.attempt];
  if (view.phase === "queued") {
    const placed = (queue) => {
      const place = queue.jobs?.find(({ job }) => job === shown);
      if (place) result.place({ position: place.position, waiting: queue.waiting });
    };
    live.subscribe("queue:judge", { view: placed, change: placed });
  } else live.unsubscribe("queue:judge");
  const had = document.activeElement === $("#cancel") || $("#typed").contains(document.activeElement);
  $("#cancel").disabled = over;
  feeds(view);
  if (over && had) $("#run").focus();
  if (over) past.read().catch(() => {});
}

/** Whether a line can be typed for it to read. */
function feeds(view = null) {
  const open = view?.phase === "running" && view.tests === 0 && !ended;
  for (const field of $("#typed").elements) field.disabled = !open;
}

/** Sends what was typed, or that no more comes; what is not taken stands in the line again. */
async function type(data, end) {
  const job = shown;
  const { line } = $("#typed").elements;
  if (data) line.value = "";
  try {
    await live.rpc("job.stdin", { job, data, end });
    if (job !== shown) return;
    if (data) result.typed(data);
    if (end) ended = true;
  } catch (problem) {
    if (data && line.value === "") line.value = data.replace(/\n$/, "");
    if (["stdin_closed", "not_running"].includes(problem.code) && job === shown) ended = true;
    say(problem);
  }
  if (ended) feeds(result.view);
}

/** Opens an earlier program again: its result, and what it was. */
async function open(id) {
  const replace = await mayReplace();
  location.hash = id;
  if (replace) await source(id);
  $("#result").scrollIntoView({ block: "nearest" });
}

/** Puts the program of the job `id` into the editor. */
async function source(id) {
  const { language, files: all } = await get(`/api/jobs/${id}/source`);
  const texts = all.filter(({ encoding = "utf8" }) => encoding === "utf8");
  if (texts.length < all.length) { toast("It is not all text: this page cannot show its source.", "error"); return; }
  fill({ language, files: texts });
}

function keys() {
  $("#run").addEventListener("click", () => handIn(false));
  $("#judge").addEventListener("click", () => handIn(true));
  $("#cancel").addEventListener("click", () => remove(`/api/jobs/${shown}`).catch(say));
  $("#program").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    handIn(false);
  });
  $("#typed").addEventListener("submit", (event) => {
    event.preventDefault();
    type(`${$("#typed").elements.line.value}\n`, false);
  });
  $("#typed").addEventListener("keydown", (event) => {
    if (event.key !== "d" || !event.ctrlKey) return;
    event.preventDefault();
    type("", true);
  });
  $("#end").addEventListener("click", () => type("", true));
  $("#language").addEventListener("change", speak);
  addEventListener("hashchange", () => follow(location.hash.slice(1) || null));
  addEventListener("pagehide", keep);
}

/** The draft of this browser, else the program of the job that is shown, else what the first language begins with. */
async function begin() {
  const draft = read("playground");
  const [language] = known.languages;
  const first = firstOf(language?.id) ?? EXAMPLES[0];
  if (draft?.files?.length) {
    fill(draft, draft.says);
    edited = Boolean(draft.edited);
    return;
  }
  fill({ language: first.language, files: filesOf(first), setup: first.setup }, first.says);
  if (account && location.hash.length > 1) await source(location.hash.slice(1)).catch(() => {});
}

async function main() {
  keys();
  const asks = get("/api/languages").catch((problem) => { known.sandbox.reason = problem.message; return known; });
  account = await start();
  known = await asks;
  // A module of bytes cannot be typed: it is handed in over the API.
  known.languages = known.languages.filter(({ id }) => id !== "wasm");
  listLanguages();
  listExamples();
  ready();
  follow(location.hash.slice(1) || null);
  if (account) past.read().catch(say);
  else $("#no-jobs").textContent = "Log in to see them.";
  await begin();
}

main();
