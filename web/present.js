// The stage: huge bars for a projector, and a remote control for whoever runs the poll. It watches as
// everybody does, without a token, so that what is hidden never comes near the projector.

import { askAs, get, heardTime, post, token } from "./api.js";
import { Live } from "./live.js";
import { Bars, cloud, fold, left, podium, Questions, rounds, summary } from "./pollview.js";
import { $, announce, el, loginHere, sentence, teller, toast } from "./ui.js";

const [, kind, name] = location.pathname.split("/");
let view = null;
let series = null;
let bars = null;
let frozen = false;
let late = null;
const asked = new Questions();
let showsQuestions = false;

const live = new Live((state) => {
  $("#connection").textContent = state;
  $("#connection").className = `badge ${state}`;
}, async () => null);

function say(problem) { toast(sentence(problem.message), "error"); }

async function qr(path) {
  const picture = await fetch(`${path}/qr.svg`);
  if (picture.ok) $("#qr").replaceChildren(new DOMParser().parseFromString(await picture.text(), "image/svg+xml").documentElement);
}

async function show(id) {
  if (view) { live.unsubscribe(`poll:${view.poll.id}`); live.unsubscribe(`questions:${view.poll.id}`); }
  view = await askAs(null, "GET", `/api/polls/${id}`);
  heardTime(view.server_time);
  [bars, late] = [null, null];
  asked.take({ questions: [] });
  if (!series) { code(view.poll.join_code); qr(`/api/polls/${id}`).catch(say); }
  draw();
  live.subscribe(`poll:${id}`, { view: take, change: (change) => take(fold(late ?? view, change)) });
  if (view.poll.questions !== "off") asked.follow(live, id, drawQuestions);
  drawQuestions();
}

function code(text) {
  $("#where").textContent = `${location.host}/join`;
  $("#code").textContent = text ? `${text.slice(0, 3)} ${text.slice(3)}` : "";
}

function take(next) {
  if (frozen) { late = next; return; }
  const { poll } = view;
  view = next;
  if (["phase", "title", "round"].some((part) => poll[part] !== next.poll[part])) bars = null;
  draw();
  if (poll.phase === "open" && next.poll.phase === "closed") announce(`Closed. ${summary(next.poll, next.tally)}`);
  else if (next.poll.shown) tell();
}

const tell = teller(() => view && summary(view.poll, view.tally));

const PHASES = { draft: "It opens soon.", open: "Vote now.", closed: "Closed." };

function draw() {
  const { poll, tally } = view;
  document.title = `${poll.title || "On stage"} – Playhouse`;
  $("#title").textContent = poll.title || " ";
  $("#phase").textContent = frozen ? "Frozen." : PHASES[poll.phase] + (poll.phase !== "draft" && !poll.shown ? " The results are hidden." : "");
  if (bars === null) {
    bars = new Bars($("#bars"), poll);
    if (poll.kind === "words") $("#bars").replaceChildren();
  }
  if (poll.kind !== "words") bars.show(poll, tally);
  $("#words").replaceChildren(...cloud(tally));
  $("#list").classList.toggle("podium", Boolean(tally.best));
  $("#list").replaceChildren(...(tally.runoff ? rounds(poll, tally.runoff) : podium(tally)));
  $("#voted").textContent = tally.ballots;
  $("#account").hidden = poll.voters !== "account";
}

function drawQuestions() {
  const sorted = showsQuestions ? asked.sorted().slice(0, 8) : [];
  $("#asked").replaceChildren(...sorted.map((q) => el("li", { class: q.answered ? "answered" : null }, el("span", {}, q.text), el("strong", {}, `▲ ${q.votes}`))));
}

function follow(next) {
  series = { ...series, ...next, polls: series?.polls ?? [] };
  code(series.join_code);
  if (!next.current && view) between();
  if (next.current && next.current !== view?.poll.id) show(next.current).catch(say);
}

/** Shows the series itself while it is at none of its polls. */
function between() {
  live.unsubscribe(`poll:${view.poll.id}`);
  live.unsubscribe(`questions:${view.poll.id}`);
  view = null;
  $("#title").textContent = series.title;
  for (const part of ["#phase", "#left"]) $(part).textContent = " ";
  for (const part of ["#bars", "#words", "#list", "#asked"]) $(part).replaceChildren();
  $("#voted").textContent = "0";
}

const act = (what) => async () => { if (view) await post(`/api/polls/${view.poll.id}/${what}`); announce(what); };
const step = (by) => async () => {
  const at = series.polls.indexOf(view?.poll.id);
  const to = series.polls[Math.max(0, at + by)];
  if (to) await post(`/api/series/${series.id}/go`, { poll_id: to });
};
function freeze() {
  frozen = !frozen;
  document.body.classList.toggle("frozen", frozen);
  if (!frozen && late) { view = late; late = null; bars = null; }
  if (view) draw();
  announce(frozen ? "Frozen" : "Live again");
}

const KEYS = new Map([
  ["o", ["Open", act("open")]], ["c", ["Close", act("close")]], ["r", ["Reveal", act("reveal")]], ["h", ["Hide", act("hide")]],
  ["f", ["Freeze", freeze]], ["q", ["Questions", () => { showsQuestions = !showsQuestions; drawQuestions(); }]],
]);

function remote() {
  if (series?.polls.length) { KEYS.set("ArrowLeft", ["Back", step(-1)]); KEYS.set("ArrowRight", ["Next", step(1)]); }
  KEYS.set("?", ["Keys", () => $("#help").showModal()]);
  const run = (work) => Promise.resolve().then(work).catch(say);
  $("#keys").replaceChildren(...[...KEYS].flatMap(([key, [label]]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, label)]));
  $("#remote").replaceChildren(...[...KEYS].map(([, [label, work]]) => el("button", { type: "button", class: "second", onclick: () => run(work) }, label)));
  appear();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || $("#help").open) return;
    const found = KEYS.get(event.key);
    if (found) { event.preventDefault(); run(found[1]); }
  });
}

/** Lets the remote control be seen while somebody moves the pointer, or is in it by keyboard. */
function appear() {
  $("#remote").hidden = false;
  let still = null;
  document.addEventListener("pointermove", () => {
    document.body.classList.add("moving");
    clearTimeout(still);
    still = setTimeout(() => document.body.classList.remove("moving"), 2500);
  });
}

/** Whoever runs the poll gets the remote control; for everybody else the page is a picture. */
async function mayRun() {
  if (!(await token())) {
    $("#remote").replaceChildren(el("a", { class: "button second", href: loginHere() }, "Log in to run it"));
    appear();
    return;
  }
  const seen = await get(kind === "series" ? `/api/series/${name}` : `/api/polls/${name}`);
  if (kind === "series") series = seen;
  if (kind === "series" ? seen.polls.length : seen.stage) remote();
}

setInterval(() => { if (view) $("#left").textContent = left(view.poll); }, 250);
async function begin() {
  if (kind === "series") {
    series = await askAs(null, "GET", `/api/series/${name}`);
    qr(`/api/series/${name}`).catch(say);
    live.subscribe(`series:${name}`, { view: follow, change: follow });
    code(series.join_code);
    if (series.current) await show(series.current);
    else $("#title").textContent = series.title;
  } else {
    await show(name);
  }
  await mayRun();
}
begin().catch((problem) => {
  $("#title").textContent = problem.status === 404 || problem.status === 422 ? "There is nothing to show behind this link" : sentence(problem.message);
  $("#phase").replaceChildren(el("a", { href: "/" }, "See what is on."));
  $(".stage-side").hidden = true;
});
