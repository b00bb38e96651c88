// Running a poll: what its presenter sees, hidden results too, and what can be put out of sight.
// Each thing that was put out of sight comes back by the same button, and the last one by Undo.

import { get, heardTime, patch, post, remove, token } from "./api.js";
import { Live } from "./live.js";
import { Bars, fold, left, Questions, rounds, summary } from "./pollview.js";
import { $, announce, el, say, sure, teller } from "./ui.js";

/** How many steps can be undone. 20: who needs more has lost the thread. */
const UNDO_MAX = 20;

const root = $("#run");
let live = null;
let view = null;
let bars = null;
let series = null;
/** The poll that is to be run: the newest wish counts. */
let wanted = null;
const asked = new Questions();
let undo = [];
let onChange = () => {};

const path = () => `/api/polls/${view.poll.id}`;

/** Does `work` while `button` waits. */
const doing = (work) => async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try { await work(); } catch (problem) { say(problem); } finally { button.disabled = false; draw(); }
};

const button = (id, label, work, kind = "second") => el("button", { type: "button", id, class: kind, onclick: doing(work) }, label);

const act = (what, said) => async () => {
  view.poll = await post(`${path()}/${what}`);
  announce(said);
  onChange();
};

/** Does something that no Undo brings back, if the presenter is sure. */
const asking = (title, text, yes, work) => async () => { if (await sure(title, text, yes)) await work(); };

const reset = asking("Reset this poll?", "All its ballots are dropped for good. Export them first if you want to keep them.", "Drop all ballots", act("reset", "The poll was reset"));

const clear = asking("Drop all questions?", "They are dropped for good, with their votes.", "Drop all questions", async () => {
  await remove(`${path()}/questions`);
  undo = [];
});

async function exported() {
  const answer = await fetch(`${path()}/export.csv`, { headers: { authorization: `Bearer ${await token()}` } });
  if (!answer.ok) throw new Error("the export did not come; try again");
  const link = el("a", { href: URL.createObjectURL(await answer.blob()), download: `poll-${view.poll.id}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function codes() {
  if (!$("#count").reportValidity()) return;
  const count = Number($("#count").value);
  // Without a key: the codes are told once, so that a repeat must draw others.
  const drawn = await post(`${path()}/codes`, { count }, null);
  $("#code-list").replaceChildren(...drawn.codes.map((code) => el("li", {}, code)));
  $("#codes").showModal();
  announce(`${drawn.codes.length} codes, ${drawn.total} in all`);
}

/** Moderates, and remembers how to take it back. */
async function moderate(what, work, back) {
  await work();
  undo = [...undo.slice(1 - UNDO_MAX), { what, back }];
  announce(what);
}

const word = (text, hidden) => () => post(`${path()}/words`, { word: text, hidden });
const name = (ballot, hidden) => () => post(`${path()}/names`, { ballot, hidden });
const question = (id, what) => async () => asked.put(await patch(`${path()}/questions/${id}`, what));

/** A row with a button that puts something out of sight, or back. */
function row(id, text, hidden, label, work, back = "Show") {
  const [show, hide] = [work(false), work(true)];
  const change = button(id, hidden ? back : "Hide", () => (hidden ? moderate(`Shown: ${label}`, show, hide) : moderate(`Hidden: ${label}`, hide, show)), "quiet");
  change.setAttribute("aria-label", `${hidden ? back : "Hide"} ${label}`);
  return el("li", { class: hidden ? "unseen-by-all" : null }, el("span", {}, text), change);
}

function questionRow(q) {
  const waits = q.standing === "waiting";
  const facts = el("small", {}, `${q.name ? ` – ${q.name}` : ""} · ${q.votes} want it${waits ? " · waits for you" : ""}`);
  const line = row(`question-${q.id}`, "", q.standing !== "shown", `question ${q.text}`, (hidden) => question(q.id, { shown: !hidden }), waits ? "Let through" : "Show");
  line.firstChild.append(q.text, facts);
  if (waits) line.className = "waits";
  const done = button(`answered-${q.id}`, q.answered ? "Not answered" : "Answered", () => moderate(`${q.answered ? "Not answered" : "Answered"}: ${q.text}`, question(q.id, { answered: !q.answered }), question(q.id, { answered: q.answered })), "quiet");
  done.setAttribute("aria-label", `${q.answered ? "Not answered" : "Answered"}: ${q.text}`);
  line.append(done);
  return line;
}

function moderation() {
  const { tally, stage } = view;
  const words = (tally.words ?? []).map((w) => row(`word-${w.word}`, `${w.word} · ${w.count}`, Boolean(w.hidden), `word ${w.word}`, (hidden) => word(w.word, hidden)));
  const names = (tally.best ?? []).filter((best) => best.name || stage?.hidden_names.includes(best.ballot))
    .map((best) => row(`name-${best.ballot}`, `${best.place}. ${best.name ?? "(out of sight)"} – ${best.points} points`, !best.name, `name of ballot ${best.ballot}`, (hidden) => name(best.ballot, hidden)));
  const questions = asked.sorted().map(questionRow);
  const list = (title, rows) => rows.length > 0 && [el("h3", {}, title), el("ul", { class: "own", "aria-label": title }, ...rows)];
  return [list("Words", words), list("Names", names), list("Questions", questions)].filter(Boolean).flat();
}

function commands() {
  const { poll } = view;
  const step = (by) => async () => {
    const to = series.polls[series.polls.indexOf(poll.id) + by];
    series = await post(`/api/series/${series.id}/go`, { poll_id: to });
    if (wanted !== to) await run(to, series);
  };
  const at = series ? series.polls.indexOf(poll.id) : -1;
  return [
    at > 0 && button("back", "← Back", step(-1), "quiet"),
    poll.phase === "draft" && button("open", "Open", act("open", "The poll is open"), ""),
    poll.phase === "open" && button("close", "Close", act("close", "The poll is closed"), ""),
    poll.shown ? button("hide", "Hide results", act("hide", "The results are hidden")) : button("reveal", "Reveal results", act("reveal", "Everybody sees the results")),
    series && at + 1 < series.polls.length && button("next", "Next →", step(1), "quiet"),
    button("undo", undo.length ? `Undo: ${undo.at(-1).what}` : "Undo", async () => { const last = undo.at(-1); if (last) { await last.back(); undo = undo.slice(0, -1); announce("Undone"); } }, "quiet"),
    button("export", "Export", exported, "quiet"),
    asked.size > 0 && button("clear", "Drop all questions …", clear, "quiet"),
    poll.phase !== "draft" && button("reset", "Reset …", reset, "quiet"),
  ].filter(Boolean);
}

const PHASES = { draft: "Being prepared.", open: "Open.", closed: "Closed." };

/** Draws what changed; what has the focus keeps it. */
function draw() {
  if (!view) return;
  const { poll, tally, stage } = view;
  const focused = document.activeElement?.id;
  $("#run-title").textContent = poll.title;
  $("#run-phase").textContent = `${PHASES[poll.phase]} ${poll.shown ? "Everybody sees the results." : "Only you see the results."} ${tally.ballots} voted.`;
  $("#run-facts").textContent = `Code ${(series ?? poll).join_code ?? "is coming"}${stage?.codes ? ` · ${stage.codes} personal codes` : ""}${poll.closing ? ` · closing hash ${poll.closing}` : ""}`;
  $("#run-commands").replaceChildren(...commands());
  $("#undo").disabled = undo.length === 0;
  bars ??= new Bars($("#run-bars"), poll);
  $("#run-bars").hidden = poll.kind === "words";
  if (poll.kind !== "words") bars.show(poll, tally);
  $("#run-rounds").replaceChildren(...(tally.runoff ? rounds(poll, tally.runoff) : []));
  $("#run-moderate").replaceChildren(...moderation());
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
}

function frame(poll) {
  const stage = series ? `/series/${series.id}/present` : `/polls/${poll.id}/present`;
  root.replaceChildren(
    el("div", { class: "bar" }, el("h2", { id: "run-title" }, " "), el("span", { id: "connection", class: "badge" }, "connecting"), el("span", { class: "spring" }), el("strong", { id: "run-left", class: "countdown" })),
    el("p", { id: "run-phase" }, " "), el("p", {}, el("small", { id: "run-facts" }, " ")),
    el("div", { id: "run-commands", class: "row" }),
    el("p", { class: "row" }, el("a", { id: "projector", class: "button second", href: stage, target: "_blank", rel: "noopener" }, "Projector"), el("a", { href: `/polls/${poll.id}`, target: "_blank", rel: "noopener" }, "Voters' page")),
    el("ul", { id: "run-bars", class: "bars" }), el("ol", { id: "run-rounds", class: "outcome" }),
    el("div", { class: "row", hidden: poll.voters !== "code" }, el("label", {}, "Personal codes ", el("input", { id: "count", type: "number", min: 1, max: 1000, value: 20, required: true })), button("draw-codes", "Draw codes", codes)),
    el("div", { id: "run-moderate" }));
  root.hidden = false;
}

function connection(state) {
  const badge = $("#connection");
  if (!badge) return;
  badge.textContent = state;
  badge.className = `badge ${state}`;
}

function take(next) {
  const { poll } = view;
  view = next;
  if (["id", "title", "kind", "round"].some((part) => poll[part] !== next.poll[part])) bars = null;
  if (poll.phase !== next.poll.phase) onChange();
  draw();
  tell();
}

const tell = teller(() => view && `${view.tally.ballots} voted. ${summary(view.poll, view.tally)}`);

/** The series went on, by this page or by another. */
function follow(next) {
  series = { ...series, ...next };
  if (next.current && next.current !== wanted) run(next.current, series).catch(say);
  else draw();
}

/** Calls `changed` whenever a poll that is run changes its phase. */
export function watchPhases(changed) { onChange = changed; }

/** Runs poll `id`, as part of series `within` if there is one. */
export async function run(id, within = null) {
  wanted = id;
  const next = await get(`/api/polls/${id}`);
  if (wanted !== id) return;
  heardTime(next.server_time);
  if (view) { live.unsubscribe(`poll:${view.poll.id}`); live.unsubscribe(`questions:${view.poll.id}`); }
  if (series && series.id !== within?.id) live.unsubscribe(`series:${series.id}`);
  if (view?.poll.id !== id) undo = [];
  const same = series?.id === within?.id;
  [view, series, bars] = [next, within, null];
  asked.take({ questions: [] });
  frame(view.poll);
  draw();
  if (live) connection("live");
  live ??= new Live(connection);
  live.subscribe(`poll:${id}`, { view: take, change: (change) => take(fold(view, change)) });
  if (view.poll.questions !== "off") asked.follow(live, id, draw);
  if (series && !same) live.subscribe(`series:${series.id}`, { view: follow, change: follow });
}

setInterval(() => { const at = $("#run-left"); if (view && at) at.textContent = left(view.poll); }, 250);
$("#print").addEventListener("click", () => window.print());
$("#copy").addEventListener("click", async () => {
  const text = [...$("#code-list").children].map((li) => li.textContent).join("\n");
  try { await navigator.clipboard.writeText(text); announce("Copied"); $("#copy").textContent = "Copied"; } catch {
    // Pages that came over plain HTTP from elsewhere may not copy: what is selected can be.
    getSelection().selectAllChildren($("#code-list"));
  }
});
