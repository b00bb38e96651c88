// The voter's page: one tap votes, and the receipt follows. A vote that the network swallowed is sent
// again under the same key, so that it counts once.

import { askAs, heardTime, newKey, Problem, token } from "./api.js";
import * as ballots from "./ballot.js";
import { ballotForm } from "./choices.js";
import { Live } from "./live.js";
import { Bars, cloud, fold, left, podium, rounds } from "./pollview.js";
import { $, announce, el, sentence, start, submitting, toast } from "./ui.js";

/** How long until a vote that had no answer is sent again, in milliseconds. */
const AGAIN_AFTER = 2000;

let guest = null;
let series = null;
let live = null;
let view = null;
let bars = null;
let chosen = null;
let receipt = null;
let sending = false;

const id = () => view.poll.id;
const path = () => `/api/polls/${id()}`;
const bearer = async () => (view?.poll.voters === "account" ? token() : guest);
const store = {
  read(name) { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } },
  write(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* A private window forgets. */ } },
  drop(name) { try { localStorage.removeItem(name); } catch { /* As above. */ } },
};
const pendingName = () => `vote ${id()} ${view.poll.round}`;

/** The request of `/api/polls/join` that this page's address stands for; none if a code is to be typed. */
function wanted() {
  const [, kind, name] = location.pathname.split("/");
  if (kind === "polls") return { poll_id: name };
  return name ? { code: decodeURIComponent(name) } : null;
}

async function join(request) {
  const joined = await askAs(null, "POST", "/api/polls/join", request);
  guest = joined.voter_token;
  series = joined.series_id;
  $("#code").hidden = true;
  $("#poll").hidden = false;
  live?.close();
  live = new Live((state) => {
    $("#connection").textContent = state;
    $("#connection").className = `badge ${state}`;
    if (state === "live") resend();
  }, bearer);
  if (series) live.subscribe(`series:${series}`, { view: follow, change: follow });
  if (joined.poll_id) await show(joined.poll_id);
  else waiting();
}

function waiting() {
  view = null;
  $("#title").textContent = "Welcome";
  $("#phase").textContent = "The first question comes soon. Leave this page open.";
  for (const part of ["#results", "#questions"]) $(part).hidden = true;
  $("#ballot").replaceChildren();
}

function follow({ current }) {
  if (!current) waiting();
  else if (!view || current !== id()) show(current).catch(say);
}

async function show(poll) {
  if (view) { live.unsubscribe(`poll:${id()}`); live.unsubscribe(`questions:${id()}`); }
  view = await askAs(guest, "GET", `/api/polls/${poll}`);
  heardTime(view.server_time);
  if (view.poll.voters === "account" && (await token())) view = await askAs(await token(), "GET", `/api/polls/${poll}`);
  keep(view.mine);
  bars = null;
  draw();
  live.subscribe(`poll:${poll}`, {
    view: (next) => take(next),
    change: (change) => take(fold(view, change)),
  });
  if (view.poll.questions !== "off") await questions(poll);
  resend();
}

function keep(mine) {
  receipt = mine?.vote?.receipt ?? null;
  chosen = mine?.vote ? (mine.vote.choice ?? mine.vote.words) : null;
}

function take(next) {
  const before = view.poll;
  view = { ...next, mine: view.mine };
  if (before.round !== view.poll.round || (before.phase !== "draft" && view.poll.phase === "draft")) keep(null);
  if (before.phase !== view.poll.phase || before.shown !== view.poll.shown || before.title !== view.poll.title) bars = null;
  const done = before.phase === "open" && view.poll.phase === "closed";
  draw(bars === null);
  if (done) announce("The poll is closed.");
}

const PHASES = { draft: "It opens soon.", open: "Choose now.", closed: "The poll is closed." };

function draw(anew = true) {
  const { poll, tally } = view;
  if (anew) {
    document.title = `${poll.title || "Vote"} – Playhouse`;
    $("#title").textContent = poll.title || "It opens soon";
    $("#phase").textContent = poll.phase === "open" && receipt && !poll.change ? "You have voted." : PHASES[poll.phase];
    const open = poll.phase === "open" && (!receipt || poll.change);
    $("#ballot").replaceChildren(...(poll.phase === "draft" ? [] : ballotForm(poll, chosen, open, vote)));
    $("#results").hidden = poll.phase === "draft" || !poll.shown;
    if (bars === null) bars = new Bars($("#bars"), poll);
    if (poll.kind === "words") $("#bars").replaceChildren();
  }
  $("#voted").textContent = `${tally.ballots} voted`;
  if (poll.kind !== "words") bars.show(poll, tally);
  $("#words").replaceChildren(...cloud(tally));
  $("#list").replaceChildren(...(tally.runoff ? rounds(poll, tally.runoff) : podium(tally)));
  receipts();
}

function receipts() {
  const place = view.mine?.vote?.score;
  $("#receipt").replaceChildren(...(receipt
    ? [`Counted${place ? `: ${place.points} points, place ${place.place}` : ""}. Receipt ${receipt.number}: `, el("code", {}, receipt.hash)]
    : [sending ? "Sending …" : " "]));
}

/** Votes: what is tapped shows at once, and is kept until the server has it. */
function vote(what, extra) {
  chosen = what;
  const body = view.poll.kind === "words" ? { words: what, ...extra } : { choice: what, ...extra };
  store.write(pendingName(), { key: newKey(), body });
  receipt = null;
  draw();
  resend();
}

/** Sends the vote that waits, if there is one, under the key that it has from the start. */
async function resend() {
  if (!view || sending) return;
  const name = pendingName();
  const waits = store.read(name);
  if (!waits) return;
  sending = true;
  receipts();
  try {
    receipt = await cast(waits);
    store.drop(name);
    announce("Your vote counts.");
    if (view.poll.kind === "quiz" || !view.poll.change) draw();
  } catch (problem) {
    const passes = !(problem instanceof Problem) || [0, 429, 503].includes(problem.status);
    if (passes) setTimeout(resend, AGAIN_AFTER);
    else {
      store.drop(name);
      chosen = null;
      say(problem);
      draw();
    }
  } finally {
    sending = false;
    receipts();
  }
}

async function cast({ key, body }) {
  if (!view.poll.secret) return askAs(await bearer(), "POST", `${path()}/votes`, body, key);
  if (!ballots.possible()) throw new Problem(400, { detail: "a secret ballot needs a page that came over HTTPS" });
  // The ballot is asked for by name, and cast without one.
  const name = `ballot ${id()}`;
  const drawn = store.read(name) ?? (await ballots.draw(view.poll.ballot_key));
  store.write(name, drawn);
  const { code, ...rest } = body;
  const asked = { blinded: drawn.blinded, ...(code ? { code } : {}) };
  const { signature } = await askAs(await bearer(), "POST", `${path()}/ballots`, asked);
  const ballot = await ballots.finish(view.poll.ballot_key, drawn, signature);
  return askAs(null, "POST", `${path()}/votes`, { ...rest, ballot }, key);
}

let list = new Map();
let wants = new Set();
async function questions(poll) {
  $("#questions").hidden = false;
  const seen = await askAs(await bearer(), "GET", `/api/polls/${poll}/questions`);
  wants = new Set(seen.mine?.wanted ?? []);
  live.subscribe(`questions:${poll}`, {
    view: (all) => { list = new Map(all.questions.map((q) => [q.id, q])); drawQuestions(); },
    change: (change) => {
      if (change.cleared) list.clear();
      for (const [n, question] of Object.entries(change.questions ?? {})) question ? list.set(Number(n), question) : list.delete(Number(n));
      for (const [n, votes] of Object.entries(change.votes ?? {})) if (list.has(Number(n))) list.get(Number(n)).votes = votes;
      drawQuestions();
    },
  });
}

function drawQuestions() {
  const sorted = [...list.values()].sort((a, b) => b.votes - a.votes || a.id - b.id);
  $("#asked").replaceChildren(...sorted.map((q) => el("li", { class: q.answered ? "answered" : null },
    el("span", {}, q.text, q.name && el("small", {}, ` – ${q.name}`)),
    el("button", { type: "button", class: "quiet", "aria-pressed": String(wants.has(q.id)), "aria-label": `${q.votes} want this answered: ${q.text}`, onclick: () => want(q) }, `▲ ${q.votes}`))));
}

async function want(question) {
  const up = !wants.has(question.id);
  try {
    await askAs(await bearer(), "PUT", `${path()}/questions/${question.id}/vote`, { up });
    up ? wants.add(question.id) : wants.delete(question.id);
    drawQuestions();
  } catch (problem) { say(problem); }
}

function say(problem) {
  toast(sentence(problem.message), "error");
  announce(problem.message);
}

$("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ text }) => {
    const asked = await askAs(await bearer(), "POST", `${path()}/questions`, { text });
    event.target.reset();
    toast(asked.standing === "waiting" ? "Asked. The presenter looks at it first." : "Asked.");
  });
});

$("#code").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, ({ code }) => join({ code }));
});

setInterval(() => { if (view) $("#left").textContent = left(view.poll); }, 250);
start();
const request = wanted();
if (request) join(request).catch((problem) => { say(problem); $("#code").hidden = false; });
else $("#code").hidden = false;
