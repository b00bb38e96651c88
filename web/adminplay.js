// The matches that are played now, for an administrator: how late their ticks are, how each person is reached, who
// does what no honest client does, and whose ticket lets nobody in.

import { get } from "./api.js";
import { draw, roomLink, table } from "./adminnow.js";
import { bytes, decimal, millis } from "./figures.js";
import { $, el, stamp } from "./ui.js";

const HEADS = ["Match", "Who", "Round trip#", "Jitter#", "Lost to · from#", "Sent#", "Every#", "Inputs missed#", "Suspicions#"];

const counted = (n, one, many) => `${n} ${n === 1 ? one : many}`;
const percent = (permille) => `${(permille / 10).toFixed(1)} %`;

/** What somebody is suspected of, with the moment that shows it once the match is over. */
function suspected(match, { suspicions, suspected_of: of, suspected_at: at }) {
  const id = match.room.slice("game:".length);
  return el("a", { href: `/games/${id}/replay#tick=${at}`, title: "Shown once the match is over" }, `${suspicions}: ${of} at tick ${at}`);
}

/** One person in a match. */
function row(match, player) {
  const by = player.connection;
  const figure = (show) => el("td", { class: "number" }, by ? show(by) : "–");
  const named = player.name ?? `seat ${player.seat}`;
  return el("tr", { class: player.suspicions ? "bad" : null }, el("td", {}, roomLink(match.room)), el("td", {}, by ? named : `${named} (away)`),
    figure((c) => millis(c.rtt_us / 1000)), figure((c) => millis(c.jitter_us / 1000)), figure((c) => `${percent(c.loss_down_permille)} · ${percent(c.loss_up_permille)}`),
    figure((c) => bytes(c.sent_bytes)), figure((c) => counted(c.every_ticks, "tick", "ticks")), figure((c) => decimal(c.inputs_missed)),
    el("td", { class: "number" }, player.suspicions ? suspected(match, player) : "0"));
}

function drawMatches({ items }) {
  const rows = items.flatMap((match) => match.players.filter((player) => !player.bot).map((player) => row(match, player)));
  const late = Math.max(0, ...items.map((match) => match.lateness_us.p99));
  const facts = items.length ? `${counted(items.length, "match is", "matches are")} played, by ${rows.length ? counted(rows.length, "person", "people") : "bots alone"}. 99 of 100 ticks begin within ${millis(late / 1000)} of their time.` : "No match is played.";
  if ($("#played-facts").textContent !== facts) $("#played-facts").textContent = facts;
  draw($("#played"), ...(rows.length ? [table(HEADS, rows)] : []));
}

const TURNED_HEADS = ["Last", "Address", "Ticket or token", "Match", "By", "Times#"];
const CAUSES = { forged: "forged", expired: "expired", used: "used before" };

/** Those whose ticket or token let nobody in. */
function drawTurnedAway(all) {
  const row = (one) => el("tr", { class: one.cause === "forged" ? "bad" : null }, el("td", {}, stamp(one.last_at)), el("td", {}, one.address), el("td", {}, CAUSES[one.cause]),
    el("td", {}, one.session_id ? roomLink(`game:${one.session_id}`) : "–"), el("td", {}, one.by), el("td", { class: "number" }, decimal(one.times)));
  $("#turned-card").hidden = !all.length;
  draw($("#turned"), ...(all.length ? [table(TURNED_HEADS, all.map(row))] : []));
}

export async function readMatches() {
  const { items, turned_away: turnedAway } = await get("/api/admin/matches");
  drawMatches({ items });
  drawTurnedAway(turnedAway);
}
