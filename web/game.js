// The page of one match: taking a seat, the lobby, the countdown, the play, the results.

import { now } from "./api.js";
import { Schema } from "./game/schema.js";
import { Session } from "./game/session.js";
import { Live } from "./live.js";
import * as matches from "./matches.js";
import { gameModule, Play } from "./play.js";
import { order, speaks, talk } from "./talk.js";
import { gained } from "./ranks.js";
import { $, announce, el, say, sentence, start, submitting } from "./ui.js";

/** How often the server is asked how its ticks stand, in ms. */
const FIGURES_MS = 2000;

/** How often, and how many times, the next match is looked for by whoever wants to play on. 20 times 500 ms: one
 * that is always on begins within seconds. */
const NEXT_MS = 500;
const NEXT_TRIES = 20;

const id = location.pathname.split("/")[2];
/** The match as everybody may know it, kept up to date by its channel. */
let view = null;
let kind = null;
let schema = null;
let session = null;
/** The game's own module, and the match as it is played; the latter stays once it is over, where there is something
 * to be seen of it. */
let game = null;
let playing = null;
/** True if the seat was wanted by a click elsewhere, until the match was begun for it. */
let atOnce = false;
/** The names of the seats; the same map for as long as the page is open. */
const names = new Map();

const mine = () => (session ? view.players.find((player) => player.seat === session.seat) : undefined);
function badge(state, text = state) {
  const at = $("#connection");
  at.hidden = false;
  at.textContent = text;
  at.className = `badge ${state === "lost" ? "offline" : state}`;
}

/** Connects in a seat of one's own, and stays. */
function sitDown() {
  if (session) return;
  $("#door").hidden = true;
  session = new Session(schema, { join: () => matches.join(id), reach: matches.reach }, matches.resume(id), {
    state: connection,
    control: hear,
    datagram: (received) => playing?.heard(received),
    epoch: (epoch) => { play(); playing.restart(epoch); },
  });
  session.run().catch(say);
}

/** How the connection is, in sight and for screen readers. */
function connection(state, words, code) {
  if (state === "ended") { stood(words, code); return; }
  const over = session.kind === "webtransport" ? "WebTransport" : "WebSocket";
  badge(state, state === "live" ? `live over ${over}` : state);
  $("#away").hidden = state !== "lost";
  const note = $("#transport");
  note.hidden = !(state === "live" && session.why);
  note.textContent = session.why ? `${session.why} You play over a WebSocket instead: it works, and stutters where packets are lost.` : "";
  if (state === "lost") announce("The connection is lost. Coming back.");
  else if (state === "live") { announce(`Connected over ${over}.`); draw(); }
}

/** The connection ended for good. */
function stood(words, code) {
  badge("ended", "not connected");
  session = null;
  playing?.close();
  if (code !== "Over" || !game.stays) playing = null;
  for (const part of ["#play", "#lobby", "#away", "#transport"]) $(part).hidden = true;
  if (code === "Over") {
    $("#connection").hidden = true;
    refresh().catch(say);
    return;
  }
  $("#phase").textContent = sentence(words);
  announce(words);
  draw();
}

/** What the connection itself tells of the match; the rest comes by the match's channel. */
function hear(message) {
  if (message.is === "Countdown") {
    view = { ...view, phase: message.value === null ? "lobby" : "countdown", until: message.value === null ? null : new Date(now() + message.value).toISOString() };
    draw();
  } else if (message.is === "Lobby") {
    for (const { seat, name } of message.players) names.set(seat, name);
  } else if (message.is === "Concluded") {
    refresh().catch(say);
  }
}

async function refresh() { take(await matches.match(id)); }

function play() {
  if (playing) return;
  playing = new Play({ game, kind, schema, session, settings: JSON.parse(view.settings), names });
  // The play is one's own to watch: the page shows it as soon as it runs, whatever the channel says yet.
  if (view.phase !== "active") view = { ...view, phase: "active", until: null };
  draw();
  $("#game [tabindex='0']")?.focus({ preventScroll: true });
  $("#play").scrollIntoView({ block: "start" });
  announce("The match is on.");
}

/** Takes in the match, or a part of it that changed. */
function take(part) {
  const before = view?.phase;
  view = { ...view, ...part };
  for (const { seat, name } of view.players) names.set(seat, name);
  if (before && before !== view.phase) announce(PHASES[view.phase]);
  draw();
}

const PHASES = {
  lobby: "Waiting for players.", check: "Is everybody ready?", countdown: "It begins in a moment.", active: "It is being played.", concluded: "It is over.", void: "It was called off.",
};

function draw() {
  const over = matches.isOver(view);
  const title = view.title || `A match of ${game.title}`;
  document.title = `${title} – Playhouse`;
  $("#title").textContent = title;
  // It has begun, and its turn has not come: as many others are played as can be.
  const waits = view.phase === "active" && session && !playing;
  const who = session || over ? "" : ` ${sentence(matches.people(matches.seated(view)))}${view.open ? "" : " Nobody else can come in."}`;
  $("#phase").textContent = waits ? "Waiting for the server to play it." : PHASES[view.phase] + who;
  $("#door").hidden = Boolean(session) || over || !view.open;
  $("#lobby").hidden = !session || over || view.phase === "active";
  $("#play").hidden = !playing || (over && !game.stays);
  for (const part of ["#keys", "#quit", "#play .side"]) $(part).hidden = over;
  $("#results").hidden = !over;
  $("#watch").href = `/games/${id}/watch`;
  $("#watch").hidden = view.phase !== "active" || Boolean(session);
  if (!$("#lobby").hidden) { lobby(); begin(); }
  talk(view);
  if (mine() && !over) speaks((text) => matches.speak(id, text));
  if (over) $("#speak").hidden = true;
  if (over) results();
  left();
}

function lobby() {
  const [own, host] = [mine(), view.host];
  const runs = own && own.seat === host;
  const keeps = { mute: (seat, is) => matches.mute(id, seat, is), remove: (seat, ban) => matches.remove(id, seat, ban) };
  const how = { bot: "bot", reserved: "on the way", here: "", away: "connection lost" };
  $("#players").replaceChildren(...view.players.map((player) => el("li", { class: player === own ? "own" : null },
    el("span", {}, player.name, player === own ? " (you)" : "", player.seat === host ? ", host" : ""),
    runs && player !== own && player.state !== "bot" ? order(player, view.muted ?? [], keeps) : null,
    el("small", {}, [how[player.state], player.ready || player.state === "bot" ? "ready" : "not ready"].filter(Boolean).join(", ")))));
  const ready = Boolean(own?.ready);
  $("#ready").setAttribute("aria-pressed", String(ready));
  $("#ready").textContent = ready ? "Ready. Not yet?" : "I am ready";
  $("#ready").disabled = view.phase === "countdown";
  $("#start").hidden = !own || own.seat !== host;
  $("#start").disabled = view.phase !== "lobby";
}

/** Whoever came by one click is ready at once where there is nobody to wait for: every other seat is a bot's. */
function begin() {
  const others = view.players.filter((player) => player !== mine());
  if (!atOnce || !mine() || view.players.length < view.seats || others.some(({ state }) => state !== "bot")) return;
  atOnce = false;
  matches.ready(id, true).catch(say);
}

/** How long a ready check or a countdown still lasts. */
function left() {
  const counts = view.until && (view.phase === "countdown" || view.phase === "check");
  const seconds = counts ? Math.max(0, Math.ceil((Date.parse(view.until) - now()) / 1000)) : 0;
  const text = !counts ? "" : view.phase === "check" ? `Say that you are ready: ${seconds} s` : `It begins in ${seconds} s`;
  if ($("#countdown").textContent !== text) $("#countdown").textContent = text;
}

const WHY = {
  not_started: "Nobody started it in time.", deserted: "Everybody left.", faulty: "It could not be played on.", overdue: "It stood still for a day.", unsound: "It could not be played on.", no_room: "As many matches were played as this server can. Try again later.",
};

function results() {
  const { ending } = view;
  const placings = ending?.Concluded?.results ?? [];
  const why = ending?.Void;
  $("#ending").textContent = why ? `No results. ${WHY[why] ?? ""}` : "";
  $("#standings").hidden = placings.length === 0;
  $("#standings tbody").replaceChildren(...placings.map(({ place, name, score }) => el("tr", {}, el("td", {}, place ?? "left"), el("th", { scope: "row" }, name), el("td", {}, score))));
  const gains = new Map((view.ratings ?? []).map((rating) => [rating.account, rating]));
  $("#standings tbody").querySelectorAll("tr").forEach((row, n) => {
    const rating = gains.get(placings[n].player?.account);
    if (rating) row.lastElementChild.append(` (${gained(rating)} points)`);
  });
  $("#board").hidden = !view.rated;
  $("#board").href = `/leaderboards/${view.game}`;
  $("#replay").href = `/games/${id}/replay`;
  $("#replay").hidden = !view.began_at;
}

/** Goes into another match that can be joined. */
async function playOn() {
  for (let n = 0; n < NEXT_TRIES; n += 1) {
    const next = matches.best((await matches.listed()).filter((match) => match.id !== id && match.game === view.game));
    if (next) return matches.go(next.id, true);
    await new Promise((resolve) => { setTimeout(resolve, NEXT_MS); });
  }
  throw new Error("no other match is on: open one");
}

function buttons(account) {
  const { name } = $("#enter").elements;
  name.value = matches.myName.read();
  name.placeholder = account?.username ?? "as the server calls you";
  const act = (work) => () => Promise.resolve().then(work).catch(say);
  $("#enter").addEventListener("submit", (event) => {
    event.preventDefault();
    matches.myName.write(name.value.trim());
    submitting($("#enter"), async () => sitDown());
  });
  $("#ready").addEventListener("click", act(() => matches.ready(id, !mine()?.ready)));
  $("#start").addEventListener("click", act(() => matches.begin(id)));
  $("#again").addEventListener("click", act(async () => {
    $("#again").disabled = true;
    try { await playOn(); } finally { $("#again").disabled = false; }
  }));
  for (const button of ["#out", "#quit"]) $(button).addEventListener("click", () => session?.leave());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "o" || event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input, textarea, select")) return;
    $("#overlay").open = !$("#overlay").open;
  });
}

async function main() {
  const account = await start();
  try {
    view = await matches.match(id);
    [kind, game] = await Promise.all([matches.gameOf(view.game), gameModule(view.game)]);
  } catch (problem) {
    const nothing = problem.status === 404 || problem.status === 422 || problem.status === 400;
    $("#title").textContent = nothing ? "There is no match behind this link" : "The match cannot be shown";
    $("#phase").textContent = nothing ? "" : sentence(problem.message);
    return;
  }
  schema = new Schema(kind.schema);
  buttons(account);
  take(view);
  const live = new Live((state) => { if (state === "offline") session?.suspect(); }, async () => null);
  live.subscribe(`game:${id}`, { view: take, change: take });
  atOnce = matches.wanted(id);
  if ((atOnce || matches.resume(id).read()) && !matches.isOver(view)) sitDown();
  setInterval(left, 250);
  setInterval(async () => {
    if (playing && session && !document.hidden) playing.server(await matches.figures(id).catch(() => null));
  }, FIGURES_MS);
}

main().catch(say);
