// A player: where they stand, how their points went, what they played.

import { befriend, counted, friends, gained, matches, player } from "./ranks.js";
import { $, el, say, stamp, start } from "./ui.js";

const id = location.pathname.split("/")[2];

/** How large a plot is drawn, in its own units; the page scales it. */
const [WIDTH, HEIGHT, EDGE] = [600, 180, 40];

const svg = (tag, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

let played = [];
let next = null;
let isFriend = false;

function standing({ game, rank, points, won, matches: many, mean, deviation }) {
  return el("tr", {}, el("th", { scope: "row" }, el("a", { href: `/leaderboards/${game}` }, game)), el("td", {}, rank), el("td", {}, points),
    el("td", {}, won), el("td", {}, many), el("td", {}, `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`));
}

function row({ id: match, game, ended_at: ended, place, players, score, rating, cheated_at: tick }) {
  return el("tr", {}, el("td", {}, stamp(ended)), el("td", {}, game), el("td", {}, place === null ? "left" : `${place} of ${players}`), el("td", {}, score),
    el("td", { class: rating && rating.after >= rating.before ? "up" : null }, rating ? gained(rating) : "–"),
    el("td", {}, el("a", { href: `/games/${match}/replay`, "aria-label": `Watch ${game} of ${stamp(ended)} again` }, "Watch"),
      ...(tick === null ? [] : [" ", el("a", { class: "bad", href: `/games/${match}/replay#tick=${tick}`, "aria-label": `Cheated in ${game} of ${stamp(ended)}: watch tick ${tick}` }, "Cheated")])));
}

/** The points after each match that counted, the oldest first, as a line. */
function plot(game, course) {
  const points = [course[0].rating.before, ...course.map((one) => one.rating.after)];
  const [low, high] = [Math.min(...points), Math.max(...points)];
  const x = (n) => EDGE + (n * (WIDTH - 2 * EDGE)) / (points.length - 1);
  const y = (value) => HEIGHT - EDGE / 2 - ((value - low) * (HEIGHT - EDGE)) / Math.max(1, high - low);
  const line = points.map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const last = points.at(-1);
  const words = `${game}: from ${points[0]} to ${last} points over ${counted(course.length, "match", "matches")}, at least ${low} and at most ${high}`;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    svg("line", { class: "axis", x1: EDGE, x2: WIDTH - EDGE, y1: y(low), y2: y(low) }),
    svg("text", { x: EDGE - 6, y: y(low) + 4, "text-anchor": "end" }, String(low)),
    ...(high > low ? [svg("text", { x: EDGE - 6, y: y(high) + 4, "text-anchor": "end" }, String(high))] : []),
    svg("polyline", { class: "line", points: line }),
    svg("circle", { class: "dot", cx: x(points.length - 1), cy: y(last), r: 4 }),
    svg("text", { x: x(points.length - 1) + 8, y: y(last) + 4 }, String(last)));
  return el("figure", { class: "plot", "data-game": game }, picture, el("figcaption", {}, words));
}

function draw() {
  $("#history").hidden = played.length === 0;
  $("#matches").replaceChildren(...played.map(row));
  $("#more").hidden = !next;
  const counts = played.filter((match) => match.rating).reverse();
  const games = [...new Set(counts.map((match) => match.game))];
  $("#course").hidden = games.length === 0;
  $("#plots").replaceChildren(...games.map((game) => plot(game, counts.filter((match) => match.game === game))));
}

async function more() {
  const page = await matches(id, next);
  played = [...played, ...page.items];
  next = page.next;
  draw();
}

function friendly() {
  const button = $("#friend");
  button.hidden = false;
  button.setAttribute("aria-pressed", String(isFriend));
  button.textContent = isFriend ? "Among my friends" : "Count among my friends";
}

async function main() {
  const account = await start();
  $("#more").addEventListener("click", () => more().catch(say));
  const [about] = await Promise.all([player(id), more()]);
  if (about.games.length === 0) {
    $("#summary").textContent = "Has played no match that counts in this season.";
  } else {
    $("#name").textContent = about.name;
    document.title = `${about.name} – Playhouse`;
    $("#summary").textContent = `Plays ${about.games.map(({ game }) => game).join(", ")}.`;
    $("#standings").hidden = false;
    $("#games").replaceChildren(...about.games.map(standing));
  }
  if (!account || account.id === id) return;
  isFriend = (await friends()).has(id);
  friendly();
  $("#friend").addEventListener("click", async () => {
    try {
      isFriend = (await befriend(id, !isFriend)).has(id);
      friendly();
    } catch (problem) { say(problem); }
  });
}

main().catch(say);
