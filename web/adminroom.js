// One room: how it stands, what can be done with it, its past, and the biography of its seats.

import { get, post } from "./api.js";
import { draw, table } from "./adminnow.js";
import { causeOf, follow, move, open, pickSeat, where } from "./adminpast.js";
import { bytes, decimal } from "./figures.js";
import { $, announce, el, say, sentence, stamp, submitting, sure, toast } from "./ui.js";

/** How often the page looks for new records, in milliseconds. */
const FOLLOW_EVERY = 2000;

/** How long, and how often, the page waits for a room to be as it was asked to be, in milliseconds. */
const SETTLE_EVERY = 250;
const SETTLE_TRIES = 40;

let room = null;
let status = null;
/** The record that is looked at, as the journal has it. */
let record = null;
let part = "";
let timer = null;
let following = false;

const path = (about = "") => `/api/admin/rooms/${encodeURIComponent(room)}${about}`;
const isClosed = () => status?.phase === "quarantined";

/** Keeps the address up to date, so that it can be passed on. */
function remember() {
  const { at, newest } = where();
  const query = new URLSearchParams({ room });
  if (at !== newest) query.set("at", at);
  if (part) query.set("part", part);
  history.replaceState(null, "", `/admin?${query.toString().replaceAll("%3A", ":")}`);
}

const FACTS = [
  ["Newest record", (s) => decimal(s.revision)],
  ["On disk", (s) => decimal(s.durable)],
  ["Watchers", (s) => decimal(s.watchers)],
  ["Waiting", (s) => decimal(s.waiting)],
  ["Duties owed", (s) => decimal(s.duties)],
  ["Size", (s) => bytes(s.bytes)],
  ["Wakes", (s) => (s.wake_at ? stamp(s.wake_at) : "not by itself")],
  ["Last crash", (s) => (s.last_crash ? `${stamp(s.last_crash.at)}: ${s.last_crash.reason}` : s.last_failure ?? "none")],
];

/** What people call the room, where its view says so. */
function about(view) {
  const names = [view?.showing?.movie_title, view?.showing && stamp(view.showing.starts_at), view?.showing?.theater, view?.poll?.title, view?.title, view?.account?.username, view?.username, view?.name];
  return [...new Set(names.filter((name) => typeof name === "string" && name))].join(" · ");
}

function drawStatus(view) {
  const badge = $("#phase");
  badge.textContent = isClosed() ? "closed" : status.phase;
  badge.className = `badge ${status.phase === "live" ? "live" : "offline"}`;
  const facts = isClosed() ? [["Why", () => status.reason ?? "not told"], ...FACTS.slice(3)] : FACTS;
  $("#stand").replaceChildren(...facts.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text(status)))));
  $("#reopen").hidden = !isClosed();
  $("#close").hidden = $("#restart").hidden = $("#snapshot").hidden = isClosed();
  if (view) {
    $("#room-about").textContent = about(view);
    $("#room-about").hidden = !about(view);
  }
  drawRewrites();
}

/** What can be done at the record that is looked at. */
function drawRewrites() {
  const { at } = where();
  $("#rewind").disabled = !isClosed();
  $("#skip").disabled = !isClosed() || at === 0 || !record || Boolean(record.cause?.rewrite);
  $("#rewrites").textContent = isClosed() ? "" : "A room can be rewound only while it is closed.";
}

async function readStatus() {
  const asked = room;
  const { status: next, view } = await get(path());
  if (asked !== room) return;
  status = next;
  drawStatus(view);
}

/** Reads until the room is in one of `phases`, or long enough. */
async function settle(...phases) {
  for (let n = 0; n < SETTLE_TRIES; n += 1) {
    await readStatus();
    if (phases.includes(status.phase)) break;
    await new Promise((resolve) => { setTimeout(resolve, SETTLE_EVERY); });
  }
}

const said = (text) => toast(sentence(text));

/** Reads the room anew from its journal, whose past may be another one now. */
async function again() {
  await readStatus();
  await open(room, undefined, { moved, seat: choose });
}

/** Gives the focus to `css` if it was lost with a button that waited; whoever went on keeps it. */
function focusOn(css) {
  if (document.activeElement === document.body) $(css).focus();
}

/** Does one thing if the administrator is sure; `button` waits, and has the focus afterwards. */
function acting(button, question, work) {
  $(button).addEventListener("click", async () => {
    if (question && !(await sure(...question()))) return;
    $(button).disabled = true;
    try { await work(); } catch (problem) { say(problem); await readStatus().catch(say); } finally {
      $(button).disabled = false;
      drawRewrites();
      focusOn($(button).hidden || $(button).disabled ? "#room-title" : button);
    }
  });
}

const undone = (from, to) => (to > from ? `The ${to - from === 1 ? "record" : `${decimal(to - from)} records`} after it (${from + 1}${to - from === 1 ? "" : ` to ${to}`}) ${to - from === 1 ? "is" : "are"} undone for good, also for those who were told of ${to - from === 1 ? "it" : "them"}: bookings, votes or names among them are lost. They stay in the journal to be looked at.` : "Nothing is lost: it is the newest record.");

acting("#snapshot", null, async () => {
  const { record: kept } = await post(path("/snapshot"), {}, null);
  said(`A snapshot with record ${kept} is stored`);
});

acting("#restart", () => ["Restart this room?", "It is dropped from memory and rebuilt from its journal. Nothing that is stored is lost; commands that wait are answered 'try again', and watchers are subscribed anew.", "Restart"], async () => {
  await post(path("/restart"), {}, null);
  await settle("live", "quarantined");
  said(isClosed() ? "The room did not come back: it is closed" : "The room was rebuilt from its journal");
});

acting("#reopen", () => ["Reopen this room?", "It is rebuilt from its journal as it is, and opens. Nothing that is stored is lost. If what closed it is still there, it closes again.", "Reopen"], async () => {
  await post(path("/reopen"), {}, null);
  await settle("live");
  said(isClosed() ? "The room is closed again" : "The room is open");
});

acting("#rewind", () => [`Rewind to record ${where().at}?`, `The room becomes what it was with record ${where().at}, and opens. ${undone(where().at, where().newest)}`, where().at < where().newest ? `Undo ${decimal(where().newest - where().at)} ${where().newest - where().at === 1 ? "record" : "records"}` : "Open it so"], async () => {
  const to = where().at;
  await post(path("/rewind"), { to }, null);
  await settle("live");
  await again();
  said(`The room is open, and is what it was with record ${to}`);
});

acting("#skip", () => [`Skip record ${where().at}?`, `The room becomes what it would be without record ${where().at}, and opens. What that record says is undone for good, also for those who were told of it. If a later record does not hold without it, the room stays closed.`, `Skip record ${where().at}`], async () => {
  const skipped = where().at;
  await post(path("/skip"), { record: skipped }, null);
  await settle("live");
  await again();
  said(`The room is open, without record ${skipped}`);
});

$("#close").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  submitting(form, async ({ reason }) => {
    if (!(await sure("Close this room?", `Everybody who uses ${room} is refused until it is reopened, and told why: '${reason}'. Nothing that is stored is lost.`, "Close it"))) return;
    await post(path("/quarantine"), { reason }, null);
    await settle("quarantined");
    form.reset();
    said("The room is closed");
  }).then(() => { if (isClosed()) focusOn("#reopen"); });
});

function stepRow({ record: seq, at, cause, state }) {
  const { state: word, ...rest } = state ?? {};
  const facts = Object.entries(rest).filter(([, value]) => value !== null).map(([name, value]) => (name === "by"
    ? el("span", {}, "by ", el("a", { href: `/admin?room=account:${value}` }, String(value).slice(0, 8)), " ") : el("span", { title: `${name} ${value}` }, name === "reason" ? `“${value}” ` : `${name} ${String(value).slice(0, 8)} `)));
  return el("tr", {}, el("td", { class: "number" }, el("button", { type: "button", class: "quiet", "aria-label": `Go to record ${seq}`, onclick: () => { move(seq); $("#at").focus(); } }, String(seq))),
    el("td", {}, at ? stamp(at) : "–"), el("td", {}, causeOf(cause)), el("td", {}, el("strong", {}, { held: "on hold", blocked: "not on sale" }[word] ?? word ?? "none")), el("td", {}, ...facts));
}

async function readLife() {
  const asked = `${room} ${part}`;
  const { complete, steps } = await get(path(`/parts/${encodeURIComponent(part)}`));
  if (asked !== `${room} ${part}`) return;
  $("#life-facts").textContent = `Seat ${part}: ${steps.length} ${steps.length === 1 ? "step" : "steps"}${complete ? "" : ", the newest; earlier ones are left out"}.`;
  $("#steps").hidden = steps.length === 0;
  draw($("#steps"), table(["Record#", "When", "By", "Then", "With"], [...steps].reverse().map(stepRow)));
  announce($("#life-facts").textContent);
}

/** Tells the biography of `seat`. */
async function choose(seat) {
  part = seat;
  $("#part").elements.part.value = seat;
  pickSeat(seat);
  remember();
  try { await readLife(); } catch (problem) { noLife(problem); }
}

function noLife(problem) {
  $("#steps").hidden = true;
  $("#life-facts").textContent = "";
  $("#part .error").textContent = problem.status === 404 ? `There is no seat ${part} here.` : sentence(problem.message);
}

$("#part").addEventListener("submit", (event) => {
  event.preventDefault();
  $("#part .error").textContent = "";
  const seat = event.target.elements.part.value.trim().toUpperCase();
  if (seat) choose(seat);
  else { $("#part .error").textContent = "Which seat? For instance A1."; event.target.elements.part.focus(); }
});

function moved(at, found) {
  record = found;
  drawRewrites();
  remember();
}

/** Looks for new records, and reads how the room stands when there are some or it is not at rest. */
async function look() {
  if (document.hidden || following) return;
  following = true;
  try {
    const grew = await follow();
    if (grew || !["live", "quarantined"].includes(status?.phase)) await readStatus();
    $("#room-error").hidden = true;
  } catch (problem) { if (timer) fail(problem); } finally { following = false; }
}

function fail(problem) {
  $("#room-error").hidden = false;
  $("#room-error").textContent = problem.status === 404 ? `There is no room ${room}.` : sentence(problem.message);
}

/** Shows the room that the address names. */
export async function showRoom(query) {
  leaveRoom();
  [room, part, record, status] = [query.get("room"), query.get("part") ?? "", null, null];
  document.title = `${room} – Administration – Playhouse`;
  $("#room-title").textContent = room;
  $("#room-about").hidden = $("#room-error").hidden = true;
  $("#life").hidden = !room.startsWith("showing:");
  $("#part").reset();
  for (const css of ["#life-facts", "#part .error", "#past-error"]) $(css).textContent = "";
  $("#steps").hidden = true;
  const asked = room;
  try {
    await readStatus();
    const at = query.has("at") ? Number(query.get("at")) : undefined;
    await open(room, Number.isSafeInteger(at) ? at : undefined, { moved, seat: choose });
    $("#room-desk").hidden = false;
    if (asked !== room) return;
    if (part) await choose(part);
    if (query.get("do") === "rewrite") $("#at").focus();
    timer = setInterval(look, FOLLOW_EVERY);
  } catch (problem) {
    if (asked !== room) return;
    $("#room-desk").hidden = true;
    $("#phase").textContent = "unknown";
    $("#phase").className = "badge";
    if (problem.status === 401) throw problem;
    fail(problem);
  }
}

export function leaveRoom() {
  clearInterval(timer);
  timer = null;
}
