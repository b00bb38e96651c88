// The list of tournaments: those that are played, those to come, one's own, those that are over; and the form
// by which organizers make one.

import { get, post } from "./api.js";
import { Live } from "./live.js";
import { FORMATS, inWords, players } from "./bracket.js";
import { $, day, el, isoDay, sentence, start, submitting, time } from "./ui.js";

/** How many tournaments are followed live; the others are as they were when the list was read. */
const FOLLOWED = 40;

/** How often the lists are read again, in ms: a new tournament is no change of one that is followed. */
const AGAIN_MS = 10_000;

/** How many that are over are shown. */
const OVER_MAX = 20;

const lists = { running: [], upcoming: [], over: [], own: [] };
const live = new Live();

const when = (at) => `${day(at)}, ${time(at)}`;

function facts(cup) {
  const parts = [cup.game, FORMATS[cup.format], inWords(cup.phase)];
  if (cup.place) parts.push(`place ${cup.place}`);
  if (cup.winner) parts.push(`won by ${cup.winner}`);
  return parts.join(", ");
}

function row(cup) {
  return el("li", { "data-id": cup.id },
    el("a", { href: `/tournaments/${cup.id}` }, cup.title),
    el("span", { class: "when" }, when(cup.ended_at ?? cup.began_at ?? cup.starts_at)),
    el("small", {}, facts(cup)),
    cup.players !== undefined && el("small", { class: "count" }, `${players(cup.players)} of ${cup.players_max}`));
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
  const within = document.activeElement?.closest?.("ul")?.id;
  for (const [name, cups] of Object.entries(lists)) $(`#${name}`).replaceChildren(...cups.map(row));
  if (focused) $(`#${within} [data-id="${CSS.escape(focused)}"] a`)?.focus();
  const [on, next] = [lists.running.length, lists.upcoming.length];
  $("#summary").textContent = on || next
    ? `${on ? `${on} being played` : "None is being played"}, ${next ? `${next} to come` : "none to come"}.`
    : "No tournament is planned at the moment.";
}

/** Takes in what a tournament's own channel says of it; one that begins or ends is in another list. */
function take(head, count) {
  const was = [...lists.running, ...lists.upcoming].find((cup) => cup.id === head.id);
  if (was && was.phase !== head.phase) { read().catch(() => {}); return; }
  const fit = (cup) => (cup.id === head.id ? { ...cup, phase: head.phase, starts_at: head.starts_at, players: count() ?? cup.players } : cup);
  lists.running = lists.running.map(fit);
  lists.upcoming = lists.upcoming.map(fit);
  draw();
}

function follow() {
  const wanted = new Map();
  for (const { id } of [...lists.running, ...lists.upcoming].slice(0, FOLLOWED)) {
    const known = new Set();
    // Whoever is listed takes part; before it begins everybody does who registered.
    const count = () => known.size || undefined;
    wanted.set(`tournament:${id}`, {
      view: (view) => { known.clear(); view.players.filter((one) => view.began_at === null || one.seed).forEach((one) => known.add(one.account)); take(view, count); },
      change: (change) => {
        change.gone.forEach((account) => known.delete(account));
        change.players.filter((one) => change.began_at === null || one.seed).forEach((one) => known.add(one.account));
        take(change, count);
      },
    });
  }
  live.only(wanted);
}

let account = null;

async function read() {
  const page = async (state, limit) => (await get(`/api/tournaments?state=${state}&limit=${limit}`)).items;
  const own = account ? get("/api/tournaments/own?limit=20").then((page) => page.items) : [];
  [lists.running, lists.upcoming, lists.over, lists.own] = await Promise.all([page("running", 100), page("upcoming", 100), page("over", OVER_MAX), own]);
  $("#own-card").hidden = lists.own.length === 0;
  follow();
  draw();
}

/** Shows what belongs to the chosen format; what is not shown is not sent. */
function fit() {
  const form = $("#make");
  const format = form.elements.format.value;
  for (const part of form.querySelectorAll("[data-for]")) {
    part.hidden = part.dataset.for !== format;
    part.querySelector("input").disabled = part.hidden;
  }
  form.elements.players_max.max = format === "round_robin" ? "64" : "256";
}

async function make({ title, game, format, rounds, starts_at: at, third_place: third, rated, seeding, ...numbers }) {
  const request = { title, game, format, seeding, rated: Boolean(rated), starts_at: new Date(at).toISOString() };
  for (const name of ["check_in_minutes", "dispute_minutes", "players_max"]) request[name] = Number(numbers[name]);
  if (format === "elimination") request.third_place = Boolean(third);
  if (rounds) request.rounds = Number(rounds);
  const made = await post("/api/tournaments", request);
  location.assign(`/tournaments/${made.id}`);
}

/** The games that two can play. */
async function games() {
  const { games } = await get("/api/games");
  const forTwo = games.filter((game) => game.players_min <= 2 && game.players_max >= 2);
  $("#make").elements.game.replaceChildren(...forTwo.map(({ game }) => el("option", { value: game }, game)));
}

/** A quarter of an hour that is an hour off or a little more. */
function soon() {
  const quarter = 900_000;
  const at = new Date(Math.ceil((Date.now() + 3_600_000) / quarter) * quarter);
  return `${isoDay(at)}T${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

async function main() {
  account = await start();
  const organizes = account && account.role !== "user";
  const form = $("#make");
  form.addEventListener("input", fit);
  form.addEventListener("submit", (event) => { event.preventDefault(); submitting(form, make); });
  fit();
  form.elements.starts_at.value = soon();
  if (organizes) games().then(() => { form.hidden = false; }).catch((problem) => { $("#summary").textContent = sentence(problem.message); });
  try { await read(); } catch (problem) { $("#summary").textContent = sentence(problem.message); }
  setInterval(() => { if (!document.hidden) read().catch(() => {}); }, AGAIN_MS);
}

main();
