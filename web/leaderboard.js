// The leaderboard of a game, live while its top is shown: by place, around oneself, or among friends.

import { get } from "./api.js";
import { Live } from "./live.js";
import { befriend, board, counted, friends, seasons } from "./ranks.js";
import { $, announce, day, el, loginHere, say, sentence, start } from "./ui.js";

/** How many places are shown at once. */
const SHOWN = 20;

let account = null;
let known = new Set();
let from = 1;
let shown = null;
const form = $("#part");
const live = new Live();

const query = () => ({ best: `?from=${from}&limit=${SHOWN}`, me: `?around=me&limit=${SHOWN}`, friends: "?friends=true&limit=100" })[form.elements.show.value];

/** The button that counts somebody among the friends; none for oneself. */
function friendly({ player, name }) {
  if (!account || player === account.id) return null;
  const is = known.has(player);
  const toggle = async () => {
    try {
      known = await befriend(player, !is);
      announce(is ? `${name} is no friend any more.` : `${name} is among your friends.`);
      draw();
    } catch (problem) { say(problem); }
  };
  return el("button", { type: "button", class: is ? "quiet" : "second", "aria-pressed": String(is), "aria-label": `${name} is a friend`, onclick: toggle }, is ? "Friend" : "Befriend");
}

function row(place) {
  return el("tr", { class: account?.id === place.player ? "mine" : null, "data-player": place.player },
    el("td", {}, place.rank), el("th", { scope: "row" }, el("a", { href: `/players/${place.player}` }, place.name)),
    el("td", {}, place.points), el("td", {}, place.won), el("td", {}, place.matches), el("td", {}, friendly(place)));
}

function words({ season, players }) {
  if (!season) return "Nobody has played a match that counts yet.";
  return `Season ${season.number}, until ${day(season.until)}: ${counted(players, "player")}.`;
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-player]")?.dataset.player;
  $("#summary").textContent = words(shown);
  $("#places").replaceChildren(...shown.items.map(row));
  if (focused) $(`[data-player="${CSS.escape(focused)}"] button`)?.focus();
  const best = form.elements.show.value === "best";
  const nobody = { best: "Nobody yet in this season.", me: "You have no place in this season yet: find a match to get one.", friends: "None of your friends, nor you, has a place in this season." };
  $("#empty").hidden = shown.items.length > 0;
  $("#empty").textContent = nobody[form.elements.show.value];
  $("#board").hidden = shown.items.length === 0;
  $("#before").hidden = !best || from === 1;
  $("#after").hidden = !best || from + SHOWN > shown.players;
}

async function read() {
  const game = form.elements.game.value;
  try {
    shown = await board(game, query());
    draw();
  } catch (problem) {
    if (problem.status === 401) location.assign(loginHere());
    else { $("#summary").textContent = sentence(problem.message); }
  }
}

async function past(game) {
  const { items } = await seasons(game);
  const one = ({ number, began_at: began, ended_at: ended, players, best }) => el("details", {},
    el("summary", {}, `Season ${number}: ${day(began)} to ${day(ended)}, ${counted(players, "player")}`),
    el("ol", {}, ...best.slice(0, 10).map((place) => el("li", { value: place.rank }, el("a", { href: `/players/${place.player}` }, place.name), ` ${place.points}`))));
  $("#past").replaceChildren(...(items.length ? items.map(one) : [el("p", {}, "None yet.")]));
}

/** Shows another game, or another part of it. */
async function change() {
  from = 1;
  const game = form.elements.game.value;
  history.replaceState(null, "", `/leaderboards/${encodeURIComponent(game)}`);
  document.title = `Leaderboard of ${game} – Playhouse`;
  const again = () => { if (form.elements.show.value !== "best" || from === 1) read(); };
  live.only(new Map([[`league:${game}`, { view: again, change: again }]]));
  await Promise.all([read(), past(game)]);
}

async function main() {
  account = await start();
  if (account) known = await friends().catch(() => new Set());
  else for (const option of form.querySelectorAll("[value=me], [value=friends]")) option.disabled = true;
  const { games } = await get("/api/games");
  form.elements.game.replaceChildren(...games.map(({ game }) => el("option", { value: game }, game)));
  const asked = decodeURIComponent(location.pathname.split("/")[2] ?? "");
  if (games.some(({ game }) => game === asked)) form.elements.game.value = asked;
  form.addEventListener("change", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  const by = (step) => { from = Math.max(1, from + step); read().then(() => $("#board").closest(".scroll").focus()); };
  $("#before").addEventListener("click", () => by(-SHOWN));
  $("#after").addEventListener("click", () => by(SHOWN));
  await change();
}

main().catch(say);
