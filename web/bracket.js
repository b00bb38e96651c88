// A tournament as it is drawn: the tree of an elimination, the rounds and the table of the others. Made of what
// the server tells; nothing is reckoned here but the order of a table.

import { el } from "./ui.js";

export const FORMATS = { elimination: "elimination", round_robin: "round robin", swiss: "Swiss" };

const PHASES = { registration: "registration is open", check_in: "check-in is open", running: "being played", concluded: "over", cancelled: "called off" };
export const inWords = (phase) => PHASES[phase];
export const players = (n) => `${n} ${n === 1 ? "player" : "players"}`;

const BY = { play: "played", no_show: "did not come", bye: "bye", withdrawal: "withdrew", seed: "by seed", ruling: "decided by the organizer" };

/** What a pairing's state is in a word or two. */
export function stateOf(one) {
  if (one.state === "playing") return one.matches > 1 ? "playing again" : "playing";
  if (one.state === "reported") return "result in, may be disputed";
  if (one.state === "disputed") return "disputed";
  if (one.state === "over") return BY[one.by] ?? "over";
  return "to come";
}

/** The name of a round of an elimination, from its end. */
export function roundName(view, round) {
  if (view.format !== "elimination") return `Round ${round}`;
  return { 0: "Final", 1: "Semifinals", 2: "Quarterfinals" }[view.rounds - round] ?? `Round ${round}`;
}

/** The player of a side: its seed; 0 is nobody, null not known yet. */
const sideName = (view, seed) => (seed === null ? "not known yet" : seed === 0 ? "nobody" : view.bySeed.get(seed)?.name ?? `seed ${seed}`);

function side(view, one, at, own) {
  const seed = one[at];
  const won = one.winner === at;
  const lost = one.winner !== null && !won && one.winner !== "draw";
  const classes = ["side", won && "won", lost && "lost", seed && seed === own && "own", !seed && "empty"].filter(Boolean).join(" ");
  return el("span", { class: classes }, el("span", { class: "seed" }, seed || ""), el("span", { class: "name" }, sideName(view, seed)),
    el("span", { class: "mark" }, won ? "✓" : one.winner === "draw" ? "½" : ""));
}

/** What a pairing is, said in one sentence. */
function spoken(view, one) {
  const [a, b] = [sideName(view, one.a), sideName(view, one.b)];
  const won = one.winner === "a" ? `, ${a} has won` : one.winner === "b" ? `, ${b} has won` : one.winner === "draw" ? ", drawn" : "";
  return `${a} against ${b}: ${stateOf(one)}${won}`;
}

/** One pairing, as a button that shows more of it. */
export function pairing(view, one, own, choose) {
  const mine = own && (one.a === own || one.b === own);
  return el("button", { type: "button", class: `pairing ${one.state}${mine ? " mine" : ""}`, "data-pairing": one.pairing, onclick: () => choose(one.pairing) },
    el("span", { class: "unseen" }, spoken(view, one)),
    el("span", { class: "sides", "aria-hidden": "true" }, side(view, one, "a", own), side(view, one, "b", own), el("span", { class: "state" }, stateOf(one))));
}

const third = (view, one) => view.third_place && one.pairing === view.pairings.length - 1 && view.pairings.length % 2 === 0 && one.round === view.rounds && one.pairing > 0;

/** The tree: a column for each round, each pairing beside the two that lead to it. */
export function tree(view, own, choose) {
  const rounds = [];
  for (const one of view.pairings) if (!third(view, one)) (rounds[one.round - 1] ??= []).push(one);
  const columns = rounds.map((round, at) => el("section", { class: "round", "aria-label": roundName(view, at + 1) },
    el("h3", {}, roundName(view, at + 1)),
    el("ol", { class: "pairs" }, ...round.map((one) => el("li", {}, pairing(view, one, own, choose))))));
  const small = view.pairings.find((one) => third(view, one));
  // Below the tree, so that the final stands between the semifinals.
  return el("div", {}, el("div", { class: "tree" }, ...columns),
    small && el("section", { class: "round small-final", "aria-label": "Third place" }, el("h3", {}, "Third place"), pairing(view, small, own, choose)));
}

/** The order of the table: points; then, of a Swiss, Buchholz; Sonneborn-Berger; pairings won; the better seed. */
export function ordered(view) {
  const keys = view.format === "swiss" ? ["points", "buchholz", "sonneborn_berger", "won"] : ["points", "sonneborn_berger", "won"];
  return [...view.table].sort((x, y) => keys.map((key) => y[key] - x[key]).find((n) => n !== 0) ?? x.seed - y.seed);
}

/** The table of a round robin or a Swiss. */
export function table(view, own) {
  const swiss = view.format === "swiss";
  const head = ["", "Player", "Points", "Won", "Drawn", "Lost", swiss && "Buchholz", "Sonneborn-Berger"].filter((name) => name !== false);
  const rows = ordered(view).map((line, at) => el("tr", { class: line.seed === own ? "own" : null },
    el("td", {}, at + 1),
    el("th", { scope: "row" }, sideName(view, line.seed), view.bySeed.get(line.seed)?.out ? el("small", {}, " withdrew") : null),
    ...[line.points, line.won, line.drawn, line.lost, swiss ? line.buchholz : null, line.sonneborn_berger].filter((n) => n !== null).map((n) => el("td", {}, n))));
  return el("table", {}, el("caption", { class: "unseen" }, "Table"), el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows));
}

/** The pairings of round `round`. */
export function roundOf(view, round, own, choose) {
  return el("ol", { class: "pairs flat" }, ...view.pairings.filter((one) => one.round === round).map((one) => el("li", {}, pairing(view, one, own, choose))));
}

/** Takes `change` into `view`, as the channel tells it. */
export function taken(view, change) {
  const { players: changed, gone, pairings, table: lines, ...head } = change;
  const next = { ...view, ...head };
  const account = new Map(view.players.map((one) => [one.account, one]));
  gone.forEach((one) => account.delete(one));
  changed.forEach((one) => account.set(one.account, one));
  next.players = [...account.values()].sort((x, y) => (x.seed ?? Infinity) - (y.seed ?? Infinity) || 0);
  next.pairings = [...view.pairings];
  for (const one of pairings) next.pairings[one.pairing] = one;
  if (lines.length) {
    const bySeed = new Map((view.table ?? []).map((line) => [line.seed, line]));
    lines.forEach((line) => bySeed.set(line.seed, line));
    next.table = [...bySeed.values()];
  }
  return next;
}
