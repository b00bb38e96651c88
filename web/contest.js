// The page of one contest: its problems, sending programs in, the board, questions; and the organizer's desk.

import { get, now, post, put, remove } from "./api.js";
import { clock, moment, placed, taken, verdict } from "./contests/board.js";
import { render } from "./contests/markdown.js";
import { ranks } from "./contests/table.js";
import { Live } from "./live.js";
import { $, announce, el, say, sentence, stamp, start, submitting, sure } from "./ui.js";

const id = location.pathname.split("/")[2];
const path = `/api/contests/${encodeURIComponent(id)}`;

/** The largest file that is read into the editor, in bytes. 256 KiB: more the judge does not take. */
const FILE_MAX = 256 * 1024;

/** How many tests the form for a problem begins with. */
const TESTS = 2;

let account = null;
let view = null;
/** The letter of the problem that is shown. */
let shown = null;

const presides = () => Boolean(view.truly);
const nameOf = (team) => (view.truly ?? view.board).find((row) => row.team === team)?.name ?? `team ${team}`;
const own = () => view.board.find((row) => row.team === view.team);
const some = (n, one, more) => `${n} ${n === 1 ? one : more}`;

/** Puts `children` into `root`, and leaves the focus where it was. */
function fill(root, children) {
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  root.replaceChildren(...children.filter(Boolean));
  if (focused) $(`[data-key="${CSS.escape(focused)}"]`, root)?.focus({ preventScroll: true });
}

function tick() {
  if (!view) return;
  const next = moment(view);
  const left = next ? Date.parse(next[1]) - now() : 0;
  $("#clock").textContent = next ? `${next[0]} ${clock(left)}` : "Over";
  $("#clock").classList.toggle("short", view.phase === "running" && left < 300_000);
}

function facts() {
  const parts = [view.scoring === "icpc" ? "Places by problems solved" : "Places by points", some(view.teams, "team", "teams"), { scheduled: "not begun", running: view.frozen ? "running, frozen" : "running", over: view.revealed ? "over, revealed" : "over" }[view.phase]];
  if (view.languages.length) parts.push(`in ${view.languages.join(", ")}`);
  return sentence(parts.join(", "));
}

function standing() {
  if (!account) return "Log in to take part.";
  const row = own();
  if (!row) return view.phase === "over" ? "You did not take part." : "You do not take part yet.";
  const { place } = placed(view.board).find((one) => one.row.team === row.team);
  return `You take part as ${row.name}${view.phase === "scheduled" ? "." : `: place ${place} of ${view.board.length}.`}`;
}

function you() {
  $("#own").hidden = presides();
  $("#standing").textContent = standing();
  $("#register").hidden = !account || Boolean(own()) || view.phase === "over";
  $("#leave").hidden = !own() || view.submissions.length > 0 || view.phase === "over";
}

function tabs() {
  const solved = own()?.cells ?? {};
  if (!view.problems.some(({ letter }) => letter === shown)) shown = view.problems[0]?.letter ?? null;
  fill($("#tabs"), view.problems.map(({ letter, title }) => el("button", { type: "button", role: "tab", id: `tab-${letter}`, "data-key": letter, title, "aria-label": `Problem ${letter}: ${title}`, "aria-selected": String(letter === shown), "aria-controls": "problem", tabindex: letter === shown ? "0" : "-1", class: solved[letter]?.score ? "solved" : null, onclick: () => choose(letter) }, letter)));
  if (shown) $("#problem").setAttribute("aria-labelledby", `tab-${shown}`);
  const select = $("#submit").elements.problem;
  const about = $("#ask").elements.problem;
  for (const [field, first] of [[select, []], [about, [el("option", { value: "" }, "the contest")]]]) {
    const was = field.value;
    field.replaceChildren(...first, ...view.problems.map(({ letter, title }) => el("option", { value: letter }, `${letter}: ${title}`)));
    if (was && [...field.options].some(({ value }) => value === was)) field.value = was;
  }
}

/** Moves through the problems by arrow keys. */
function arrows(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const letters = view.problems.map(({ letter }) => letter);
  choose(letters[(letters.indexOf(shown) + step + letters.length) % letters.length]);
  $(`#tab-${shown}`)?.focus();
  event.preventDefault();
}

async function choose(letter) {
  shown = letter;
  tabs();
  $("#submit").elements.problem.value = letter;
  await statement();
}

async function statement() {
  if (!shown) return;
  const letter = shown;
  let problem;
  try { problem = await get(`${path}/problems/${letter}`); } catch (failed) { say(failed); return; }
  if (letter !== shown) return;
  $("#problem-title").textContent = `${letter}. ${problem.title}`;
  const points = view.scoring === "points" ? `${some(problem.points, "point", "points")}, ` : "";
  $("#problem-facts").textContent = `${points}${problem.cpu_ms / 1000} s, ${Math.round(problem.memory_bytes / 1_048_576)} MiB, ${some(problem.cases, "test", "tests")}`;
  $("#statement").replaceChildren(...render(problem.statement));
  $("#samples").replaceChildren(...problem.samples.map(({ name, stdin, expected }) => el("div", { class: "sample" }, el("div", {}, el("h4", {}, `Input ${name}`), el("pre", { tabindex: "0" }, stdin)), el("div", {}, el("h4", {}, `Output ${name}`), el("pre", { tabindex: "0" }, expected)))));
}

function sent() {
  $("#sent-card").hidden = !presides() && !own();
  for (const head of document.querySelectorAll("[data-desk]")) head.hidden = !presides();
  fill($("#sent"), view.submissions.map((one) => el("tr", {},
    el("td", {}, stamp(one.at)), presides() && el("td", {}, nameOf(one.team)), el("td", {}, one.problem), el("td", {}, one.language),
    el("td", { class: `verdict ${one.verdict === "accepted" ? "accepted" : one.verdict ? "bad" : ""}` }, verdict(one.verdict) + (one.score !== null && view.scoring === "points" ? `, ${some(one.score, "point", "points")}` : "") + (one.judging && one.verdict ? " (judged again)" : "")),
    el("td", {}, el("button", { type: "button", class: "quiet", "data-key": one.id, "aria-label": `Look at ${one.problem} of ${stamp(one.at)}`, onclick: () => look(one) }, "Look")))));
}

async function look(one) {
  let whole;
  try { whole = await get(`${path}/submissions/${one.id}`); } catch (problem) { say(problem); return; }
  $("#program-title").textContent = `${one.problem}, ${verdict(whole.verdict)}`;
  $("#program-facts").textContent = `${presides() ? `${nameOf(one.team)}, ` : ""}${one.language}, ${one.bytes} bytes, ${stamp(one.at)}`;
  const again = presides() && el("button", { type: "button", class: "second", onclick: async () => { await rejudge({ submission: one.id }); $("#program").close(); } }, "Judge again");
  $("#program-text").replaceChildren(...[whole.compiler && el("h3", {}, "The compiler says"), whole.compiler && el("pre", { tabindex: "0" }, whole.compiler), ...whole.files.flatMap(({ name, content }) => [el("h3", {}, name), el("pre", { tabindex: "0" }, content)]), again].filter(Boolean));
  $("#program").showModal();
}

async function rejudge(what) {
  try { const { submissions } = await post(`${path}/rejudge`, what); announce(`${some(submissions, "program is", "programs are")} judged again.`); } catch (problem) { say(problem); }
}

function talk() {
  fill($("#talk"), view.clarifications.map((one) => {
    const about = one.problem ? `Problem ${one.problem}` : "The contest";
    const who = one.question === null ? "Announcement" : presides() ? nameOf(one.team) : one.team ? "You asked" : "Question";
    const answer = presides() && one.question !== null && el("form", { onsubmit: (event) => { event.preventDefault(); submitting(event.target, ({ text, to_all }) => post(`${path}/clarifications/${one.id}/answer`, { text, to_all: Boolean(to_all) })); } },
      el("label", {}, "Answer ", el("textarea", { name: "text", rows: "2", maxlength: "1000", required: true, "data-key": `text-${one.id}` }, one.answer ?? "")), el("label", { class: "tick" }, el("input", { type: "checkbox", name: "to_all", checked: one.to_all }), " tell everybody"), el("p", { class: "error", role: "alert" }), el("button", { class: "second" }, one.answer ? "Answer otherwise" : "Answer"));
    return el("li", { class: one.answer ? null : "open" }, el("small", {}, `${about} · ${who} · ${stamp(one.asked_at)}`), one.question && el("p", {}, one.question), !answer && one.answer && el("p", {}, el("strong", {}, one.answer)), !answer && !one.answer && el("p", { class: "facts" }, "Not answered yet."), answer);
  }));
  const may = presides() || own();
  $("#ask").hidden = !may;
  $("#ask-label").textContent = presides() ? "Say to everybody" : "Your question";
  $("#ask-button").textContent = presides() ? "Announce" : "Ask";
}

function desk() {
  $("#desk").hidden = !presides();
  if (!presides()) return;
  const { left, team, problem } = view.hidden;
  const act = (key, text, onclick) => el("button", { type: "button", class: "second", "data-key": key, onclick }, text);
  const reveals = view.phase === "over" && view.frozen;
  const next = team ? `Reveal ${problem} of ${nameOf(team)} (${left} left)` : "Reveal the rest";
  fill($("#acts"), [
    reveals && act("step", next, () => post(`${path}/reveal`, { what: "step" }).catch(say)),
    reveals && act("all", "Reveal everything", async () => { if (await sure("Reveal everything?", "Everybody sees the board as it truly is.", "Reveal")) post(`${path}/reveal`, { what: "all" }).catch(say); }),
    ...view.problems.map(({ letter }) => act(`again-${letter}`, `Judge ${letter} again`, async () => { if (await sure(`Judge ${letter} again?`, "Each result stands until the new one is there.", "Judge again")) rejudge({ problem: letter }); })),
  ]);
}

function draw(before) {
  document.title = `${view.title} – Playhouse`;
  $("#title").textContent = view.title;
  $("#facts").textContent = facts();
  $("#projector").href = `/contests/${id}/board`;
  you();
  $("#problems-card").hidden = view.problems.length === 0;
  const was = shown;
  tabs();
  $("#submit").hidden = view.phase !== "running" || !own();
  $("#frozen").hidden = !view.frozen;
  $("#truly-label").hidden = !presides();
  const truly = presides() && $("#truly").checked;
  fill($("#board"), [ranks(view, truly ? view.truly : view.board, view.team)]);
  sent();
  // Whoever writes an answer goes on with it.
  if (!$("#talk").contains(document.activeElement) || document.activeElement.value === "") talk();
  desk();
  tick();
  if (shown && (was !== shown || !before || before.problems !== view.problems)) statement();
  if (!before || before.description !== view.description) $("#about").replaceChildren(...render(view.description));
  $("#about").hidden = !view.description;
}

/** What is said to screen readers of what changed. */
function tell(before) {
  if (before.phase !== view.phase) announce({ running: "The contest has begun.", over: "The contest is over." }[view.phase] ?? "");
  const known = new Map(before.submissions.map((one) => [one.id, one.verdict]));
  const judged = view.submissions.find((one) => one.verdict && known.get(one.id) !== one.verdict && one.team === view.team);
  if (judged) announce(`Problem ${judged.problem}: ${verdict(judged.verdict)}.`);
  const answers = (list) => list.filter(({ answer }) => answer).length;
  if (answers(view.clarifications) > answers(before.clarifications)) announce("There is a new answer or announcement.");
}

let live = null;

function follow() {
  live?.close();
  live = new Live((state) => { $("#connection").textContent = state; $("#connection").className = `badge ${state}`; });
  const take = (next) => { const before = view; view = next; draw(before); tell(before); };
  live.subscribe(`contest:${id}`, { view: (whole) => take({ ...view, ...whole }), change: (change) => take(taken(view, change)) });
}

/** Takes part or not: then other things are told, on another channel of the same name. */
async function enroll(work) {
  await work();
  view = await get(path);
  draw(null);
  follow();
}

async function languages() {
  const { languages: all } = await get("/api/languages");
  const may = all.filter(({ id: name }) => !view.languages.length || view.languages.includes(name));
  let last = null;
  try { last = localStorage.getItem("language"); } catch { /* Private windows may not keep anything. */ }
  const field = $("#submit").elements.language;
  field.replaceChildren(...may.map(({ id: name, name: shownAs, version }) => el("option", { value: name }, `${shownAs} ${version ?? ""}`)));
  if (may.some(({ id: name }) => name === last)) field.value = last;
}

async function submit({ problem, language, source }) {
  const sentIn = await post(`${path}/submissions`, { problem, language, source });
  try { localStorage.setItem("language", language); } catch { /* As above. */ }
  if (!view.submissions.some((one) => one.id === sentIn.id)) view = taken(view, { submissions: [sentIn] });
  sent();
  announce(`Sent in for problem ${problem}.`);
}

async function readFile({ target }) {
  const [file] = target.files;
  if (!file) return;
  if (file.size > FILE_MAX) say(new Error(`the file has ${file.size} bytes, it may have ${FILE_MAX}`));
  else $("#submit").elements.source.value = await file.text();
  target.value = "";
}

function test() {
  const n = $("#tests").children.length + 1;
  $("#tests").append(el("fieldset", { class: "test" }, el("legend", {}, `Test ${n}`), el("label", {}, "Input ", el("textarea", { name: "stdin", rows: "3", class: "code", spellcheck: "false" })), el("label", {}, "Output ", el("textarea", { name: "expected", rows: "3", class: "code", spellcheck: "false" })), el("label", { class: "tick" }, el("input", { type: "checkbox", name: "shown", checked: n === 1 }), " shown as a sample")));
}

async function setProblem({ letter, title, points, cpu_ms, memory, checker, statement: text }) {
  const tests = [...$("#tests").children].map((one) => ({ stdin: $("[name=stdin]", one).value, expected: $("[name=expected]", one).value, hidden: !$("[name=shown]", one).checked })).filter(({ stdin, expected }) => stdin || expected);
  await put(`${path}/problems/${letter.toUpperCase()}`, { title, statement: text, points: Number(points), limits: { cpu_ms: Number(cpu_ms), memory_bytes: Number(memory) * 1_048_576 }, checker: { kind: checker }, tests });
  $("#set").reset();
  $("#tests").replaceChildren();
  for (let n = 0; n < TESTS; n += 1) test();
  announce(`Problem ${letter} is kept.`);
  statement();
}

const form = (selector, work) => $(selector).addEventListener("submit", (event) => { event.preventDefault(); submitting(event.target, work); });

async function main() {
  account = await start();
  form("#register", ({ name }) => enroll(() => post(`${path}/registration`, name ? { name } : {})));
  form("#submit", submit);
  form("#ask", async ({ problem, text }) => { await post(`${path}/clarifications`, { problem: problem || null, text }); $("#ask").reset(); });
  form("#set", setProblem);
  $("#leave").addEventListener("click", () => enroll(() => remove(`${path}/registration`)).catch(say));
  $("#tabs").addEventListener("keydown", arrows);
  $("#truly").addEventListener("change", () => draw(view));
  $("#file").addEventListener("change", readFile);
  $("#more").addEventListener("click", test);
  for (let n = 0; n < TESTS; n += 1) test();
  try { view = await get(path); } catch (problem) { $("#facts").textContent = sentence(problem.message); return; }
  draw(null);
  follow();
  setInterval(tick, 500);
  languages().catch(say);
}

main().catch(say);
