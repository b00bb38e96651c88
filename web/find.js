// Looking for a match against others: one ticket for each game, how long it takes, and the way into what was found.

import { get, now, post, remove } from "./api.js";
import { go } from "./matches.js";
import { myParty } from "./parties.js";
import { counted } from "./ranks.js";
import { $, announce, el, say } from "./ui.js";

/** What each game's queue was said to be, by the game's name. */
const queues = new Map();
const titles = new Map();
/** The matches that this page has led into already. */
const led = new Set();

const searching = (ticket) => ticket?.state === "waiting" || ticket?.state === "placing";

/** How much longer it takes, as honestly as it is known. */
function expected(estimate) {
  if (!estimate) return "How long it takes nobody knows yet: too few were matched lately.";
  const { expected_seconds: half, likely_within_seconds: most } = estimate;
  return `About ${half} s, most likely within ${most} s.`;
}

const OVER = {
  called_off: "Too few came. Look again: you keep your place.", expired: "Nobody came in a quarter of an hour.", failed: "The match could not be made. Look again.",
};

function words({ ticket, estimate, waiting }) {
  if (searching(ticket)) {
    const waited = Math.floor((now() - Date.parse(ticket.since)) / 1000);
    const others = Math.max(0, waiting - ticket.members.length);
    return `Looking for ${Math.max(0, waited)} s, with ${counted(others, "other")}. ${expected(ticket.estimate)}`;
  }
  const before = ticket && OVER[ticket.state] ? `${OVER[ticket.state]} ` : "";
  return `${before}${counted(waiting, "person waits", "people wait")}. ${expected(estimate)}`;
}

function row(game) {
  const queue = queues.get(game);
  const title = titles.get(game);
  const looks = searching(queue.ticket);
  const party = myParty();
  // A party is looked for by its leader; the others may still take its ticket back.
  const follows = !looks && party !== null && !party.leads;
  const act = async () => {
    try {
      if (looks) await remove(`/api/match/tickets/${queue.ticket.id}`);
      else await post("/api/match/tickets", party ? { game, party: party.id } : { game });
      announce(looks ? `You look no more for ${title}.` : `Looking for a match of ${title}.`);
      take(game, await get(`/api/match/queues/${game}`));
    } catch (problem) { say(problem); }
  };
  const item = $(`[data-queue="${game}"]`) ?? $("#queues").appendChild(el("li", { "data-queue": game }));
  const focused = item.contains(document.activeElement);
  item.replaceChildren(el("b", {}, title), el("span", { class: "counts" }, follows ? `${party.leader} looks for your party. ${words(queue)}` : words(queue)),
    el("button", { type: "button", class: looks ? "quiet" : null, disabled: follows, "aria-label": looks ? `Cancel the search for ${title}` : `Find a match of ${title}${party ? " for your party" : ""}`, onclick: act }, looks ? "Cancel" : "Find"));
  if (focused) $("button", item).focus();
}

/** Shows all queues anew: the party is another. */
export function redraw() {
  for (const game of queues.keys()) row(game);
}

/** Takes in what is said of the queue of `game`, and goes into the match that was found. */
function take(game, queue) {
  const before = queues.get(game)?.ticket;
  queues.set(game, queue);
  row(game);
  const { ticket } = queue;
  if (ticket?.state !== "matched" || !searching(before) || led.has(ticket.id)) return;
  led.add(ticket.id);
  announce(`A match of ${titles.get(game)} was found.`);
  go(ticket.session, true);
}

/** Shows the queues of `games`, by name with their titles, to whoever is logged in. */
export function find(live, games) {
  $("#find").hidden = false;
  for (const [game, title] of games) {
    titles.set(game, title);
    let queue = null;
    const on = (part) => { queue = { ...queue, ...part }; take(game, queue); };
    live.subscribe(`matchmaking:${game}`, { view: (whole) => { queue = null; on(whole); }, change: on });
  }
  setInterval(() => { for (const [game] of games) if (searching(queues.get(game)?.ticket)) row(game); }, 1000);
}
