// The list of live matches: see how they stand, join one by a click, open another.

import { find, redraw } from "./find.js";
import { Live } from "./live.js";
import { best, go, inWords, isOver, listed, make, myName, people, reach, seated } from "./matches.js";
import { parties, stranger } from "./parties.js";
import { gameModule } from "./play.js";
import { $, el, loginHere, say, sentence, start, submitting } from "./ui.js";

/** How many matches are followed live; the others are as they were when the list was read. */
const FOLLOWED = 40;

/** How often the list is read again, in ms: new matches are no change of one that is followed. */
const AGAIN_MS = 5000;

let rows = [];
/** The games that there are and that this page can show, by name: `{ kind, module }`. */
const games = new Map();
let account = null;
const live = new Live();
const followed = new Map();

const titleOf = (name) => games.get(name)?.module.title ?? name;

function row(match) {
  const game = titleOf(match.game);
  const title = match.title || `A match of ${game}`;
  return el("li", { "data-match": match.id },
    el("a", { href: `/games/${match.id}` }, title),
    el("small", {}, `${game}, ${inWords(match.phase)}`),
    el("span", { class: "counts" }, `${people(match)}, ${match.seats} seats`),
    match.open
      ? el("button", { type: "button", "aria-label": `Join ${title}`, onclick: () => go(match.id, true) }, "Join")
      : el("a", { class: "button second", href: `/games/${match.id}`, "aria-label": `Look at ${title}` }, "Look"));
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-match]")?.dataset.match;
  $("#matches").replaceChildren(...rows.map(row));
  if (focused) $(`[data-match="${CSS.escape(focused)}"] button`)?.focus();
  const playing = rows.reduce((sum, match) => sum + match.taken - match.bots, 0);
  $("#summary").textContent = rows.length
    ? `${rows.length} ${rows.length === 1 ? "match" : "matches"}, ${playing === 0 ? "nobody plays yet" : `${playing} ${playing === 1 ? "person plays" : "people play"}`}.`
    : "No match is on. Open one!";
  $("#quick").disabled = !best(rows);
  for (const name of games.keys()) offer(name);
}

/** One click into a game: into the match that is on, or into one of one's own against bots. */
function offer(name) {
  const match = best(rows.filter((row) => row.game === name));
  const [button, text] = [$(`[data-game="${name}"] button`), $(`[data-game="${name}"] small`)];
  button.disabled = !match && !account;
  text.textContent = match ? `${inWords(match.phase)}, with ${people(match)}` : account ? "against the computer" : "none is on: log in to open one";
}

async function enter(name) {
  const match = best(rows.filter((row) => row.game === name));
  myName.write($("#me").elements.name.value.trim());
  if (match) { go(match.id, true); return; }
  const { seats, bots } = games.get(name).module.seats;
  const made = await make(name, { seats, bots, listed: seats > bots + 1 });
  go(made.id, true);
}

function kinds() {
  $("#kinds").replaceChildren(...[...games].map(([name, { module }]) => el("li", { "data-game": name },
    el("h3", {}, module.title), el("p", {}, module.about), el("small", {}),
    el("div", { class: "row" }, el("button", { type: "button", "aria-label": `Play ${module.title}`, onclick: () => enter(name).catch(say) }, "Play")))));
  const form = $("#make").elements;
  form.game.replaceChildren(...[...games].map(([name, { module }]) => el("option", { value: name }, module.title)));
  form.game.addEventListener("change", choices);
  choices();
}

/** What can be chosen of the game that is chosen. */
function choices() {
  const { game, seats, bots } = $("#make").elements;
  const { kind, module } = games.get(game.value);
  [seats.min, seats.max, seats.value] = [kind.players_min, kind.players_max, module.seats.seats];
  [bots.max, bots.value] = [kind.players_max - 1, module.seats.bots];
  $("#fields").replaceChildren(...module.fields.map(({ name, label, options, min, max, value }) => el("label", {}, `${label} `, options
    ? el("select", { name }, ...Object.entries(options).map(([key, text]) => el("option", { value: key, selected: key === String(value) }, text)))
    : el("input", { name, type: "number", min, max, value, required: true, inputmode: "numeric" }))));
}

/** The games, each with what this page has to show it; one that it has nothing for is left out. */
async function look() {
  const found = await Promise.all((await reach()).games.map(async (kind) => {
    try { return { kind, module: await gameModule(kind.game) }; } catch { return null; }
  }));
  for (const game of found) if (game) games.set(game.kind.game, game);
  kinds();
  $("#make").hidden = !account;
  if (!account) { stranger(); return; }
  find(live, [...games].map(([name, { module }]) => [name, module.title]));
  parties(live, account, redraw);
}

/** What a match's own channel says, as a row of the list has it. */
function rowOf(view, was) {
  return { ...was, title: view.title, phase: view.phase, seats: view.seats, ...seated(view), open: view.open };
}

function follow(match) {
  if (followed.has(match.id) || followed.size >= FOLLOWED) return;
  let view = null;
  const take = (part) => {
    view = { ...view, ...part };
    rows = rows.map((row) => (row.id === match.id ? rowOf(view, row) : row)).filter((row) => !isOver(row));
    draw();
  };
  followed.set(match.id, true);
  live.subscribe(`game:${match.id}`, { view: (whole) => { view = null; take(whole); }, change: take });
}

async function read() {
  rows = await listed();
  for (const id of followed.keys()) {
    if (rows.some((match) => match.id === id)) continue;
    live.unsubscribe(`game:${id}`);
    followed.delete(id);
  }
  rows.forEach(follow);
  draw();
}

async function open(form, { game, title, seats, bots, listed, ...chosen }) {
  const { fields } = games.get(game).module;
  const settings = Object.fromEntries(fields.map(({ name, options, as }) => [name, as ? as(chosen[name]) : options ? chosen[name] : Number(chosen[name])]));
  const made = await make(game, { title: title || undefined, settings, seats: Number(seats), bots: Number(bots), listed: Boolean(listed) });
  form.reset();
  go(made.id, true);
}

async function main() {
  account = await start();
  $("#stranger").hidden = Boolean(account);
  $("#login").href = loginHere();
  const { name } = $("#me").elements;
  name.value = myName.read();
  if (account) name.placeholder = account.username;
  name.addEventListener("change", () => myName.write(name.value.trim()));
  $("#me").addEventListener("submit", (event) => {
    event.preventDefault();
    myName.write(name.value.trim());
    const match = best(rows);
    if (match) go(match.id, true);
  });
  $("#make").addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(event.target, (fields) => open(event.target, fields));
  });
  try { await look(); await read(); } catch (problem) { $("#summary").textContent = sentence(problem.message); }
  setInterval(() => { if (!document.hidden) read().catch(() => {}); }, AGAIN_MS);
}

main().catch(say);
