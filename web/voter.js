// The voter's page: one tap votes, and the receipt follows. A vote that the network swallowed is sent
// again under the same key, so that it counts once; one that is refused is taken back, and why is said.

import { askAs, heardTime, joinPoll, newKey, Problem, token } from "./api.js";
import * as ballots from "./ballot.js";
import { ballotForm } from "./choices.js";
import * as kept from "./kept.js";
import { Live } from "./live.js";
import { Bars, cloud, fold, left, podium, Questions, rounds, summary } from "./pollview.js";
import { $, announce, el, loginHere, say, sentence, start, submitting, teller, toast } from "./ui.js";

/** How long until a vote that had no answer is sent again, in milliseconds. */
const AGAIN_AFTER = 2000;

/** What was joined, and this browser's voter token. */
let request = null;
let guest = null;
let series = null;
let live = null;
let view = null;
let bars = null;
/** What is marked as voted; what the server has; why it did not take the last vote. */
let chosen = null;
let settled = { chosen: null, receipt: null };
let refused = null;
let sending = false;
/** What the ballot was drawn for, so that it is drawn anew only for something else. */
let drawn = null;
let wanted = null;
const asked = new Questions();
let wants = new Set();

const id = () => view.poll.id;
const path = () => `/api/polls/${id()}`;
const pendingName = (poll) => `vote ${poll.id} ${poll.round}`;
const personal = () => $("#personal input").value.trim();
/** The part of a request that says whose it is, where that is told by a code. */
const named = () => (view.poll.voters === "code" && personal() ? { code: personal() } : {});

/** The voter token; a new one of the same device once it is over. */
async function guestToken() {
  if (!guest || Date.now() > guest.until) {
    const joined = await joinPoll(request);
    guest = { token: joined.voter_token, until: Date.now() + (joined.expires_in - 60) * 1000, joined };
  }
  return guest.token;
}

const bearer = async () => (view?.poll.voters === "account" ? token() : guestToken());

/** The request of `/api/polls/join` that this page's address stands for; none if a code is to be typed. */
function address() {
  const [, kind, name] = location.pathname.split("/");
  if (kind === "polls") return { poll_id: name };
  if (!name) return null;
  try { return { code: decodeURIComponent(name) }; } catch { return { code: name }; }
}

/** Asks for a code where the address leads nowhere, and says why. */
function astray(problem) {
  $("#code").hidden = false;
  $("#code").elements.code.value = request.code ?? "";
  $("#code .error").textContent = request.code || ![404, 422].includes(problem.status) ? sentence(problem.message) : "There is no poll behind this link. If you have a code, type it here.";
}

async function join(what) {
  [request, guest] = [what, null];
  await guestToken();
  const { poll_id: poll, series_id } = guest.joined;
  series = series_id;
  if (poll) await show(poll);
  else waiting();
  $("#code").hidden = true;
  live = new Live((state) => {
    $("#connection").textContent = state;
    $("#connection").className = `badge ${state}`;
    if (state === "live") resend();
  }, bearer);
  if (view) subscribe();
  if (series) live.subscribe(`series:${series}`, { view: follow, change: follow });
}

/** Puts another question in the place of what is shown, as a whole: nothing is seen to move there. */
function replace(fill) {
  const [section, focused] = [$("#poll"), document.activeElement];
  section.hidden = true;
  void section.offsetHeight;
  fill();
  section.hidden = false;
  if (section.contains(focused) && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

function waiting() {
  if (view) { live?.unsubscribe(`poll:${id()}`); live?.unsubscribe(`questions:${id()}`); }
  [view, wanted, drawn] = [null, null, null];
  replace(() => {
    $("#title").textContent = "Welcome";
    $("#phase").textContent = "The first question comes soon. Leave this page open.";
    $("#left").textContent = "";
    for (const part of ["#results", "#questions", "#account", "#personal", "#receipt"]) $(part).hidden = true;
    $("#ballot").replaceChildren();
  });
}

function follow({ current }) {
  if (!current) waiting();
  else if (current !== (wanted ?? view?.poll.id)) show(current).then(subscribe).catch(say);
}

async function show(poll) {
  wanted = poll;
  const next = await askAs(await guestToken(), "GET", `/api/polls/${poll}`);
  if (wanted !== poll) return;
  heardTime(next.server_time);
  if (view) { live?.unsubscribe(`poll:${id()}`); live?.unsubscribe(`questions:${id()}`); }
  [view, drawn, refused] = [next, null, null];
  $("#personal input").value = kept.code.read(view.poll);
  if (["account", "code"].includes(view.poll.voters)) view.mine = await own().catch(() => null);
  keep(view.mine);
  const known = view.poll.voters !== "account" || (await token()) !== null;
  $("#account").hidden = known;
  $("#login").href = loginHere();
  replace(draw);
}

function subscribe() {
  if (!view || !live) return;
  live.subscribe(`poll:${id()}`, { view: take, change: (change) => take(fold(view, change)) });
  if (view.poll.questions !== "off") questions().catch(say);
  resend();
}

/** What the server has of this voter; null where it knows none, or does not tell. */
async function own() {
  const { voters, secret } = view.poll;
  if (secret || voters === "anyone") return null;
  if (voters === "code") return personal() ? askAs(await bearer(), "POST", `${path()}/mine`, named()) : null;
  return (await askAs(await bearer(), "GET", path())).mine ?? null;
}

function keep(mine) {
  const { poll } = view;
  const here = poll.phase !== "draft" && (poll.secret || poll.voters === "code") ? kept.receiptOf(poll) : null;
  settled = { receipt: mine?.vote?.receipt ?? here, chosen: mine?.vote ? (mine.vote.choice ?? mine.vote.words) : null };
  chosen = settled.chosen;
}

function take(next) {
  const before = view.poll;
  if (next.poll.id !== before.id) return;
  view = { ...next, mine: view.mine };
  const { poll } = view;
  const anew = before.round !== poll.round || (before.phase === "draft") !== (poll.phase === "draft") || before.title !== poll.title;
  if (anew) { [view.mine, refused] = [null, null]; keep(null); replace(draw); } else draw();
  if (before.phase === "open" && poll.phase === "closed") announce(`The poll is closed. ${summary(poll, view.tally)}`);
  else if (poll.shown) tell();
  if (poll.right !== null && settled.receipt && !view.mine?.vote?.score) score().catch(say);
}

const tell = teller(() => view && summary(view.poll, view.tally));

/** Fetches the own points and place, once a quiz tells them. */
async function score() {
  const { round } = view.poll;
  const mine = await own();
  if (!mine?.vote?.score || view.poll.round !== round) return;
  view.mine = mine;
  receipts();
}

const PHASES = { draft: "It opens soon.", open: "Choose now.", closed: "The poll is closed." };

/** True if a vote may be cast now: for the first time, again, or once more in a show of hands. */
function mayVote() {
  const { poll } = view;
  return poll.phase === "open" && $("#account").hidden && (!settled.receipt || poll.change || poll.voters === "anyone");
}

function draw() {
  const { poll, tally } = view;
  const done = poll.phase === "open" && settled.receipt && !mayVote();
  document.title = `${poll.title || "Vote"} – Playhouse`;
  $("#title").textContent = poll.title || "It opens soon";
  $("#phase").textContent = !$("#account").hidden ? "This poll takes one vote from each account." : done ? "You have voted." : PHASES[poll.phase];
  $("#personal").hidden = poll.voters !== "code" || (poll.phase === "draft" && poll.questions === "off");
  $("#receipt").hidden = poll.phase === "draft";
  ballot();
  results(poll, tally);
  $("#questions").hidden = poll.questions === "off";
  receipts();
}

/** Draws the ballot if it is for something else; what has the focus keeps it. */
function ballot() {
  const [{ poll }, form, open] = [view, $("#ballot"), mayVote()];
  const shows = JSON.stringify([poll.id, poll.round, poll.phase, open, chosen]);
  if (shows === drawn) return;
  drawn = shows;
  const at = [...form.elements].indexOf(document.activeElement);
  const name = form.elements.name?.value ?? "";
  form.replaceChildren(...(poll.phase === "draft" ? [] : ballotForm(poll, chosen, open, vote, name)));
  if (at < 0) return;
  const same = form.elements[at];
  (same && !same.disabled ? same : $("#receipt")).focus({ preventScroll: true });
}

function results(poll, tally) {
  $("#results").hidden = poll.phase === "draft";
  const shape = `${poll.id} ${poll.round}`;
  if (bars?.shape !== shape) { bars = new Bars($("#bars"), poll); bars.shape = shape; }
  if (poll.kind === "words") $("#bars").replaceChildren();
  else bars.show(poll, tally);
  $("#voted").textContent = `${tally.ballots} voted${poll.shown ? "" : ", the results are hidden"}`;
  $("#words").replaceChildren(...cloud(tally));
  $("#list").replaceChildren(...(tally.runoff ? rounds(poll, tally.runoff) : podium(tally)));
  // What comes or grows above the questions has its room from the start.
  const below = poll.questions !== "off";
  room($("#words"), below && poll.kind === "words");
  room($("#list"), below && ["ranked", "quiz"].includes(poll.kind));
}

function room(element, fixed) {
  element.classList.toggle("fixed", fixed);
  if (fixed) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

function receipts() {
  const { receipt } = settled;
  const place = view.mine?.vote?.score;
  const pending = sending || kept.read(pendingName(view.poll)) !== null;
  const counted = receipt && [`Counted${place ? `: ${place.points} points, place ${place.place}` : ""}. Receipt ${receipt.number}:`, el("code", {}, receipt.hash)];
  const said = pending ? ["Sending …"] : refused ? [`Not counted. ${sentence(refused)}`] : counted;
  $("#receipt").classList.toggle("error", !pending && refused !== null);
  $("#receipt").replaceChildren(...(said || [" "]));
}

/** Votes: what is tapped shows at once, and is kept until the server has it. */
function vote(what, extra) {
  if (view.poll.voters === "code" && !personal()) { needCode(); return; }
  [chosen, refused] = [what, null];
  const body = view.poll.kind === "words" ? { words: what, ...extra, ...named() } : { choice: what, ...extra, ...named() };
  kept.write(pendingName(view.poll), { key: newKey(), body });
  draw();
  resend();
}

function needCode() {
  refused = "type your personal code first";
  receipts();
  announce(refused);
  $("#personal input").focus();
}

/** Sends the vote that waits, if there is one, under the key that it has from the start. */
async function resend() {
  if (!view || sending) return;
  const { poll } = view;
  const name = pendingName(poll);
  const waits = kept.read(name);
  if (!waits) return;
  sending = true;
  receipts();
  const isShown = () => view?.poll.id === poll.id && view.poll.round === poll.round;
  const over = () => { if (kept.read(name)?.key === waits.key) kept.drop(name); };
  let pause = 0;
  try {
    const receipt = await cast(poll, waits.body, waits.key);
    over();
    if (poll.secret || poll.voters === "code") kept.keepReceipt(poll, receipt);
    if (isShown()) { settled = { receipt, chosen: poll.secret ? null : (waits.body.choice ?? waits.body.words) }; announce("Your vote counts."); }
  } catch (problem) {
    if (!(problem instanceof Problem) || [0, 429, 503].includes(problem.status)) pause = (problem.body?.retry_after_s ?? 0) * 1000 || AGAIN_AFTER;
    else {
      over();
      if (isShown()) await takeBack(problem);
    }
  } finally {
    sending = false;
    if (view) draw();
    if (view && kept.read(pendingName(view.poll))) setTimeout(resend, pause);
  }
}

/** Takes back the mark of a vote that did not count: what the server has is shown, and why. */
async function takeBack(problem) {
  if (problem.status === 409) keep((await own().catch(() => null)) ?? view.mine);
  chosen = settled.chosen;
  refused = problem.message;
  announce(`Not counted. ${refused}`);
}

async function cast(poll, body, key) {
  const votes = `/api/polls/${poll.id}/votes`;
  if (!poll.secret) return asVoter("POST", votes, body, key);
  if (!ballots.possible()) throw new Problem(400, { detail: "a secret ballot needs a page that came over HTTPS" });
  // The ballot is asked for by name, and cast without one.
  const name = `ballot ${poll.id}`;
  const ballot = kept.read(name) ?? (await ballots.draw(poll.ballot_key));
  kept.write(name, ballot);
  const { code, ...rest } = body;
  const { signature } = await asVoter("POST", `/api/polls/${poll.id}/ballots`, { blinded: ballot.blinded, ...(code ? { code } : {}) });
  return askAs(null, "POST", votes, { ...rest, ballot: await ballots.finish(poll.ballot_key, ballot, signature) }, key);
}

/** Asks as this voter; once more with a new token if the old one is over. */
async function asVoter(method, to, body, key) {
  try { return await askAs(await bearer(), method, to, body, key); } catch (problem) {
    if (problem.status !== 401 || view.poll.voters === "account") throw problem;
    guest = null;
    return askAs(await bearer(), method, to, body, key);
  }
}

async function questions() {
  const poll = id();
  const seen = await askAs(await bearer(), "GET", `${path()}/questions`);
  if (!view || id() !== poll) return;
  wants = new Set(seen.mine?.wanted ?? []);
  asked.take(seen);
  drawQuestions();
  asked.follow(live, poll, drawQuestions);
}

function drawQuestions() {
  const focused = document.activeElement?.id;
  $("#asked").replaceChildren(...asked.sorted().map((q) => el("li", { class: q.answered ? "answered" : null },
    el("span", {}, q.text, q.name && el("small", {}, ` – ${q.name}`)),
    el("button", { type: "button", id: `want-${q.id}`, class: "quiet", "aria-pressed": String(wants.has(q.id)), "aria-label": `${q.votes} want this answered: ${q.text}`, onclick: () => want(q) }, `▲ ${q.votes}`))));
  if (focused?.startsWith("want-")) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function want(question) {
  if (view.poll.voters === "code" && !personal()) { needCode(); return; }
  const up = !wants.has(question.id);
  try {
    asked.put(await asVoter("PUT", `${path()}/questions/${question.id}/vote`, { up, ...named() }));
    up ? wants.add(question.id) : wants.delete(question.id);
    drawQuestions();
    announce(up ? "You want this answered." : "Taken back.");
  } catch (problem) { say(problem); }
}

$("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ text }) => {
    if (view.poll.voters === "code" && !personal()) { $("#personal input").focus(); throw new Error("type your personal code first"); }
    const question = await asVoter("POST", `${path()}/questions`, { text, ...named() });
    event.target.reset();
    toast(question.standing === "waiting" ? "Asked. The presenter looks at it first." : "Asked.");
  });
});

// Enter in a field presses the form's button, which votes; the form itself goes nowhere.
$("#ballot").addEventListener("submit", (event) => event.preventDefault());

$("#personal input").addEventListener("change", () => {
  refused = null;
  kept.code.write(view.poll, personal());
  if (!view.poll.secret) own().then((mine) => { if (mine) { view.mine = mine; keep(mine); } draw(); }).catch((problem) => { refused = problem.message; receipts(); });
});

$("#code").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ code }) => {
    await join({ code });
    // A reload, or a log-in that comes back, finds the way again.
    history.replaceState(null, "", `/join/${encodeURIComponent(code.replaceAll(/[\s-]/g, "").toUpperCase())}`);
  });
});

setInterval(() => { if (view) $("#left").textContent = left(view.poll); }, 250);
start();
const from = address();
if (from) join(from).catch(astray);
else {
  $("#code").hidden = false;
  $("#code").elements.code.focus();
}
