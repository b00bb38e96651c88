// The list of live matches: see how they stand, join one by a click, open another.

import { Live } from "./live.js";
import { best, go, inWords, isOver, listed, make, myName, people, seated } from "./matches.js";
import { $, el, loginHere, say, sentence, start, submitting } from "./ui.js";

/** How many matches are followed live; the others are as they were when the list was read. */
const FOLLOWED = 40;

/** How often the list is read again, in ms: new matches are no change of one that is followed. */
const AGAIN_MS = 5000;

let rows = [];
const live = new Live();
const followed = new Map();

function row(match) {
  const title = match.title || `A match of ${match.game}`;
  return el("li", { "data-match": match.id },
    el("a", { href: `/games/${match.id}` }, title),
    el("small", {}, `${match.game}, ${inWords(match.phase)}`),
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

async function open(form, { title, map, seats, bots, sight, minutes, frags, listed }) {
  const settings = { map, sight: Number(sight), minutes: Number(minutes), frags: Number(frags) };
  const made = await make("arena", { title: title || undefined, settings, seats: Number(seats), bots: Number(bots), listed: Boolean(listed) });
  form.reset();
  go(made.id, true);
}

async function main() {
  const account = await start();
  $("#stranger").hidden = Boolean(account);
  $("#make").hidden = !account;
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
  try { await read(); } catch (problem) { $("#summary").textContent = sentence(problem.message); }
  setInterval(() => { if (!document.hidden) read().catch(() => {}); }, AGAIN_MS);
}

main().catch(say);
