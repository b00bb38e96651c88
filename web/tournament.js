// The page of one tournament: taking part, checking in, the bracket or the table as it fills, results, disputes.

import { get, now, post } from "./api.js";
import { FORMATS, inWords, players as people, roundName, roundOf, stateOf, table, taken, tree } from "./bracket.js";
import { Live } from "./live.js";
import { go } from "./matches.js";
import { $, announce, el, say, sentence, start, submitting, sure } from "./ui.js";

const id = location.pathname.split("/")[2];
const path = `/api/tournaments/${encodeURIComponent(id)}`;
let account = null;
let view = null;
/** The round of a round robin or a Swiss that is shown; null: the one that is played. */
let shown = null;
/** The pairing whose dialog is open. */
let opened = null;

const me = () => view.players.find((one) => one.account === account?.id);
const own = () => me()?.seed ?? null;
const isBefore = () => ["registration", "check_in"].includes(view.phase);
const isOver = () => ["concluded", "cancelled"].includes(view.phase);
const presides = () => account && (account.role === "admin" || account.id === view.organizer);
const nameOf = (seed) => view.bySeed.get(seed)?.name ?? "nobody";

/** Does `what` to the tournament; what comes of it is told by its channel. */
async function act(what, body) {
  try { await post(`${path}/${what}`, body); } catch (problem) { say(problem); }
}

const button = (text, onclick, kind = null) => el("button", { type: "button", class: kind, onclick }, text);

/** Puts `children` into `root` and leaves the focus where it was, by what a button says. */
function fill(root, children) {
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.pairing;
  const text = focused?.textContent;
  root.replaceChildren(...children.filter(Boolean));
  if (!focused || focused === root) return;
  const again = key === undefined ? [...root.querySelectorAll("button, a")].find((one) => one.textContent === text) : $(`[data-pairing="${key}"]`, root);
  again?.focus({ preventScroll: true });
}

function facts() {
  const parts = [view.game, FORMATS[view.format] + (view.rounds && view.format !== "elimination" ? ` of ${view.rounds} rounds` : ""), inWords(view.phase)];
  const taking = view.began_at ? view.players.filter((one) => one.seed).length : view.players.length;
  parts.push(`${people(taking)}${isBefore() ? ` of ${view.players_max}` : ""}`);
  const winner = view.players.find((one) => one.place === 1);
  if (winner) parts.push(`won by ${winner.name}`);
  if (view.why) parts.push(view.why === "too_few" ? "too few were there" : "its organizer called it off");
  return parts.join(", ");
}

/** The next moment that is counted down to, and what happens then. */
function next() {
  if (view.phase === "registration" && view.check_in_at) return ["Check-in opens", view.check_in_at];
  if (isBefore()) return ["It begins", view.starts_at];
  return null;
}

function clock() {
  if (!view) return;
  const moment = next();
  const left = moment ? Math.max(0, Date.parse(moment[1]) - now()) : 0;
  $("#clock").classList.toggle("short", view.phase === "check_in" && left < 60_000);
  $("#clock").textContent = moment ? `${moment[0]} ${inTime(left)}` : "";
  for (const at of document.querySelectorAll("[data-until]")) at.textContent = inTime(Math.max(0, Date.parse(at.dataset.until) - now()));
}

function inTime(ms) {
  const s = Math.ceil(ms / 1000);
  if (s >= 86_400) return `in ${Math.round(s / 86_400)} days`;
  const [h, m, rest] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60), s % 60];
  const two = (n) => String(n).padStart(2, "0");
  return `in ${h ? `${h}:${two(m)}` : m}:${two(rest)}`;
}

/** The pairing that is the reader's to look at now. */
const current = () => view.pairings.find((one) => own() && (one.a === own() || one.b === own()) && one.state !== "over");

function standing() {
  const mine = me();
  if (isBefore()) {
    if (!mine) return "You do not take part yet.";
    if (view.phase === "registration") return view.check_in_at ? "You are registered. Check in here once check-in is open." : "You are registered.";
    return mine.checked_in ? "You are checked in. Stay: it begins in a moment." : "Check in, or you are out when it begins.";
  }
  if (!mine?.seed) return "";
  if (mine.place) return `Your place: ${mine.place}.`;
  if (mine.out) return "You have withdrawn.";
  const one = current();
  if (!one) return isOver() ? "" : view.format === "elimination" ? "You are out." : "Your next round has not been drawn.";
  const other = one.a === own() ? one.b : one.a;
  const against = other ? `against ${nameOf(other)}` : "against whoever comes out of the other branch";
  if (one.state === "playing") return `You play ${against} now.`;
  return `${roundName(view, one.round)}, ${against}: ${stateOf(one)}.`;
}

function acts() {
  const mine = me();
  if (isBefore()) {
    const full = view.players.length >= view.players_max;
    return [
      view.phase === "check_in" && mine && !mine.checked_in && button("Check in", () => act("check-in")),
      !mine && (full ? el("p", {}, "All places are taken.") : button("Take part", () => act("register", {}))),
      mine && button("Withdraw", () => act("withdraw"), "quiet"),
    ];
  }
  const one = mine?.seed && !isOver() ? current() : null;
  const accepts = one?.state === "reported" && !one.accepted[one.a === own() ? 0 : 1] && one.winner !== (one.a === own() ? "a" : "b");
  return [
    one?.state === "playing" && button("Play now", () => go(one.match_id, true)),
    accepts && button("The result is right", () => act("accept", { pairing: one.pairing })),
    one?.state === "reported" && button("Dispute it …", () => open(one.pairing), "second"),
    mine?.seed && !mine.out && !isOver() && button("Withdraw", async () => { if (await sure("Withdraw?", "Whoever you would meet from now on has won.", "Withdraw")) act("withdraw"); }, "quiet"),
  ];
}

function desk() {
  $("#desk").hidden = !presides() || isOver();
  $("#start").hidden = $("#add").hidden = !isBefore();
  const disputed = view.pairings.filter((one) => one.state === "disputed");
  fill($("#disputes"), disputed.map((one) => el("li", {},
    button(`Decide ${nameOf(one.a)} against ${nameOf(one.b)}`, () => open(one.pairing), "second"),
    el("span", {}, one.dispute.text || "No reason was given."))));
}

function player(one) {
  const notes = [one.rating !== null && `rated ${one.rating}`, view.phase === "check_in" && (one.checked_in ? "checked in" : "not checked in"), view.began_at && !one.seed && "was not there", one.out && "withdrew", one.place && `place ${one.place}`];
  const drops = presides() && !isOver() && !one.out && (isBefore() || one.seed);
  return el("li", { class: one.account === account?.id ? "own" : null },
    el("span", { class: "seed" }, one.seed ?? ""), el("span", { class: "name" }, one.name), el("small", {}, notes.filter(Boolean).join(", ")),
    drops && el("button", { type: "button", class: "quiet", "aria-label": `Drop ${one.name}`, onclick: async () => { if (await sure(`Drop ${one.name}?`, "As if they had withdrawn themselves.", "Drop")) act("drop", { account: one.account }); } }, "Drop"));
}

/** The round that is played, or the last. */
const openRound = () => view.pairings.find((one) => one.state !== "over")?.round ?? view.pairings.at(-1)?.round ?? 1;

function draw() {
  view.bySeed = new Map(view.players.filter((one) => one.seed).map((one) => [one.seed, one]));
  document.title = `${view.title} – Playhouse`;
  $("#title").textContent = view.title;
  $("#facts").textContent = sentence(facts());
  const said = standing();
  $("#standing").textContent = account ? said : "Log in to take part.";
  fill($("#acts"), account ? acts() : []);
  $("#own").hidden = account ? !said && !$("#acts").children.length : !isBefore();
  desk();
  const elimination = view.format === "elimination";
  $("#draw-card").hidden = view.pairings.length === 0;
  $("#draw-title").textContent = elimination ? "Bracket" : "Pairings";
  $("#round-label").hidden = elimination;
  $("#table-card").hidden = !view.table;
  if (view.table) fill($("#table"), [table(view, own())]);
  if (view.pairings.length && elimination) fill($("#draw"), [tree(view, own(), open)]);
  else if (view.pairings.length) rounds();
  fill($("#players"), view.players.map(player));
  if (opened !== null) detail();
  clock();
}

function rounds() {
  const last = view.pairings.at(-1).round;
  const select = $("#round");
  const at = Math.min(shown ?? openRound(), last);
  if (select.options.length !== last) select.replaceChildren(...Array.from({ length: last }, (_, n) => el("option", { value: n + 1 }, n + 1)));
  select.value = String(at);
  fill($("#draw"), [roundOf(view, at, own(), open)]);
}

function open(pairing) {
  opened = pairing;
  detail();
  if (!$("#pairing").open) $("#pairing").showModal();
}

const RULINGS = (one) => [["stands", "It stands"], ["a", `${nameOf(one.a)} wins`], ["b", `${nameOf(one.b)} wins`], view.format !== "elimination" && ["draw", "A draw"], ["replay", "Play again"], ["void", "Void"]].filter(Boolean);

/** What the dialog says of the pairing that is open. */
function detail() {
  const one = view.pairings[opened];
  if (!one) return;
  const name = (seed) => (seed === null ? "not known yet" : nameOf(seed));
  $("#pairing-title").textContent = `${name(one.a)} – ${name(one.b)}`;
  const state = [sentence(`${roundName(view, one.round)}: ${stateOf(one)}`)];
  if (one.winner === "a" || one.winner === "b") state.push(`${nameOf(one[one.winner])} has won.`);
  if (one.winner === "draw") state.push("Drawn.");
  if (one.dispute?.text) state.push(`They say: ${one.dispute.text}`);
  $("#pairing-state").replaceChildren(state.join(" "), ...(one.until ? [" It stands ", el("span", { "data-until": one.until }), "."] : []));
  const plays = own() && (one.a === own() || one.b === own());
  fill($("#pairing-links"), one.match_id ? [
    one.state === "playing" ? (plays ? button("Play now", () => go(one.match_id, true)) : el("a", { class: "button second", href: `/games/${one.match_id}` }, "Look at the match")) : null,
    one.winner && one.by === "play" ? el("a", { class: "button second", href: `/games/${one.match_id}/replay` }, "Watch the match") : null,
  ] : []);
  $("#dispute").hidden = !(plays && one.state === "reported");
  const decides = presides() && !isOver() && one.state !== "over" && one.a && one.b;
  $("#rulings").hidden = !decides;
  if (decides) fill($("#rulings"), RULINGS(one).filter(([ruling]) => ruling !== "stands" || one.winner).map(([ruling, text]) => button(text, async () => { await act("decide", { pairing: one.pairing, ruling }); $("#pairing").close(); }, "second")));
  clock();
}

/** Moves the focus through the bracket by arrow keys: up and down within a round, across to the nearest of the next. */
function arrows(event) {
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
  const from = event.target.closest?.("[data-pairing]");
  if (!step || !from) return;
  const columns = [...$("#draw").querySelectorAll(".round, .flat")].map((column) => [...column.querySelectorAll("[data-pairing]")]);
  const at = columns.findIndex((column) => column.includes(from));
  const middle = (one) => { const { top, bottom } = one.getBoundingClientRect(); return (top + bottom) / 2; };
  const across = columns[at + step[0]] ?? [];
  const to = step[0] ? across.reduce((best, one) => (!best || Math.abs(middle(one) - middle(from)) < Math.abs(middle(best) - middle(from)) ? one : best), null) : columns[at][columns[at].indexOf(from) + step[1]];
  if (!to) return;
  event.preventDefault();
  to.focus();
  to.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** What is said to screen readers of what changed. */
function tell(before) {
  if (before.phase !== view.phase) announce(sentence(inWords(view.phase)));
  const mine = current();
  const was = mine && before.pairings[mine.pairing];
  if (mine?.state === "playing" && was?.state !== "playing") announce("Your match is on.");
}

function follow() {
  const live = new Live((state) => { $("#connection").textContent = state; $("#connection").className = `badge ${state}`; });
  live.subscribe(`tournament:${id}`, {
    view: (whole) => { const before = view; view = { ...view, ...whole }; draw(); if (before) tell(before); },
    change: (change) => { const before = view; view = taken(view, change); draw(); tell(before); },
  });
}

async function main() {
  account = await start();
  $("#start").addEventListener("click", async () => { if (await sure("Start now?", "Whoever has not checked in is out, if check-in is open.", "Start")) act("start"); });
  $("#cancel").addEventListener("click", async () => { if (await sure("Call it off?", "This cannot be taken back.", "Call it off")) act("cancel"); });
  $("#add").addEventListener("submit", (event) => { event.preventDefault(); submitting(event.target, async ({ username }) => { await post(`${path}/add`, { username }); event.target.reset(); }); });
  $("#dispute").addEventListener("submit", (event) => { event.preventDefault(); submitting(event.target, async ({ text }) => { await post(`${path}/disputes`, { pairing: opened, text }); event.target.reset(); $("#pairing").close(); }); });
  $("#pairing").addEventListener("close", () => { const at = opened; opened = null; $(`#draw [data-pairing="${at}"]`)?.focus(); });
  $("#round").addEventListener("change", ({ target }) => { shown = Number(target.value); draw(); });
  $("#draw").addEventListener("keydown", arrows);
  try { view = await get(path); } catch (problem) { $("#facts").textContent = sentence(problem.message); return; }
  draw();
  follow();
  setInterval(clock, 500);
}

main().catch(say);
