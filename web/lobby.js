// The lobby: what is on, with seats that move as people hold and buy them.

import { all } from "./api.js";
import { Live } from "./live.js";
import { best, go, listed, people } from "./matches.js";
import { gameModule } from "./play.js";
import { $, day, el, isoDay, start, time, toast, sentence } from "./ui.js";

/** How many showings are followed live; the rest is as it was when the page was read. */
const FOLLOWED = 40;

/** How often it is looked whether a match can be joined, in ms. */
const MATCHES_MS = 5000;

const cards = new Map();
const form = $("#filters");
let live = null;

function bar(card, seats) {
  const { free, held, sold, blocked, total } = seats;
  const share = (n) => `${total ? (100 * n) / total : 0}%`;
  card.sold.style.inlineSize = share(sold + blocked);
  card.held.style.inlineSize = share(held);
  const text = free ? `${free} of ${total} free` : held ? `${held} on hold, may return` : "sold out";
  if (card.text.textContent !== text) {
    card.text.textContent = text;
    card.link.classList.remove("moved");
    requestAnimationFrame(() => card.link.classList.add("moved"));
  }
  card.link.classList.toggle("full", free === 0);
}

function card(showing) {
  const parts = { sold: el("i", { class: "sold" }), held: el("i", { class: "held" }), text: el("span", { class: "left" }) };
  const prices = Object.values(showing.prices).map(Number).filter((price) => price > 0);
  parts.link = el("a", { class: "showing", href: `/showings/${showing.id}` },
    el("span", { class: "at" }, time(showing.starts_at)),
    el("span", { class: "screen" }, `${showing.theater}, ${showing.screen_name}`),
    el("span", { class: "meter", "aria-hidden": "true" }, parts.sold, parts.held),
    parts.text,
    el("span", { class: "price" }, prices.length ? `from ${Math.min(...prices).toFixed(2)} ${showing.currency}` : "free entry"));
  bar(parts, showing.seats);
  cards.set(showing.id, parts);
  return parts.link;
}

function programme(showings, movies) {
  const byMovie = Map.groupBy ? Map.groupBy(showings, (s) => s.movie_id) : group(showings);
  return [...byMovie].map(([id, list]) => {
    const movie = movies.get(id);
    const facts = movie && [movie.genre, `${movie.minutes} min`, movie.age_rating, movie.language].filter(Boolean).join(" · ");
    const byDay = group(list, (s) => day(s.starts_at));
    return el("article", { class: "movie" },
      el("h2", {}, list[0].movie_title), facts && el("p", { class: "facts" }, facts),
      movie?.synopsis && el("p", { class: "synopsis" }, movie.synopsis),
      ...[...byDay].map(([name, some]) => el("section", {}, el("h3", {}, name), el("div", { class: "times" }, ...some.map(card)))));
  });
}

function group(list, key = (s) => s.movie_id) {
  const groups = new Map();
  for (const item of list) groups.set(key(item), [...(groups.get(key(item)) || []), item]);
  return groups;
}

async function show(movies) {
  const { movie, theater, day: date } = Object.fromEntries(new FormData(form));
  const from = date ? new Date(`${date}T00:00`) : new Date();
  const query = new URLSearchParams({ from: from.toISOString() });
  if (date) query.set("to", new Date(from.getTime() + 86_400_000).toISOString());
  if (movie) query.set("movie", movie);
  if (theater) query.set("theater", theater);
  const showings = await all(`/api/showings?${query}`, 300);
  cards.clear();
  $("#programme").replaceChildren(...programme(showings, movies));
  const free = showings.reduce((sum, s) => sum + s.seats.free, 0);
  $("#summary").textContent = showings.length
    ? `${showings.length} ${showings.length === 1 ? "showing" : "showings"}, ${free.toLocaleString()} free seats.`
    : "Nothing is on sale for this choice.";
  live ??= new Live();
  live.only(new Map(showings.slice(0, FOLLOWED).map(({ id }) => [`showing:${id}`, {
    view: (view) => cards.has(id) && bar(cards.get(id), view.seats),
    change: (change) => cards.has(id) && bar(cards.get(id), change.totals),
  }])));
  return showings;
}

/** Invites into matches that are on, one of each game, by one click. */
async function invite() {
  const open = (await listed()).filter((match) => match.open);
  const games = [...new Set(open.map((match) => match.game))];
  $("#invites").hidden = games.length === 0;
  if (games.length === 0) return;
  const text = `${games.length === 1 ? "A match is" : "Matches are"} on. You need no account.`;
  if ($("#invites-text").textContent !== text) $("#invites-text").textContent = text;
  const buttons = await Promise.all(games.map((game) => button(game, best(open.filter((match) => match.game === game)))));
  const had = document.activeElement?.dataset?.game;
  $("#plays").replaceChildren(...buttons);
  if (had) $(`#plays [data-game="${CSS.escape(had)}"]`)?.focus();
}

async function button(game, match) {
  const { title } = await gameModule(game).catch(() => ({ title: game }));
  return el("button", { type: "button", "data-game": game, title: `with ${people(match)}`, onclick: () => go(match.id, true) }, `Play ${title}`);
}

async function main() {
  const invited = invite().catch(() => {});
  await start();
  // Before the programme, which it would move.
  await invited;
  setInterval(() => { if (!document.hidden) invite().catch(() => {}); }, MATCHES_MS);
  try {
    const movies = new Map((await all("/api/movies")).map((movie) => [movie.id, movie]));
    const showings = await show(movies);
    for (const movie of movies.values()) form.elements.movie.append(el("option", { value: movie.id }, movie.title));
    for (const name of new Set(showings.map((s) => s.theater))) form.elements.theater.append(el("option", { value: name }, name));
    form.elements.day.min = isoDay(new Date());
    const again = () => show(movies).catch((problem) => toast(sentence(problem.message), "error"));
    form.addEventListener("change", again);
    form.addEventListener("reset", () => setTimeout(again));
  } catch (problem) {
    $("#summary").textContent = sentence(problem.message);
  }
}

main();
