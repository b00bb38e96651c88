// What a poll's page shows of its tallies: bars that move, words, the end of a run-off, a podium.

import { now } from "./api.js";
import { el } from "./ui.js";

const share = (count, of) => (of ? Math.round((100 * count) / of) : 0);

/** What each bar of `poll` is called. */
export function labels(poll) {
  return poll.kind === "rating" ? ["1", "2", "3", "4", "5"] : poll.options;
}

/** Bars for `poll`. They are made once and then moved, so that nothing jumps. */
export class Bars {
  #rows = [];
  #root;

  constructor(root, poll) {
    this.#root = root;
    this.#rows = labels(poll).map((label) => {
      const fill = el("i", { class: "fill" });
      const count = el("span", { class: "count" }, " ");
      const row = el("li", {}, el("span", { class: "label" }, label), count, el("span", { class: "track-bar", "aria-hidden": "true" }, fill));
      return { row, fill, count };
    });
    root.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  /** Moves the bars; without counts they are empty. */
  show(poll, tally) {
    const counts = tally.counts;
    this.#root.classList.toggle("sealed", !counts);
    this.#rows.forEach(({ row, fill, count }, n) => {
      const part = counts ? share(counts[n], tally.ballots) : 0;
      fill.style.transform = `scaleX(${counts && tally.ballots ? counts[n] / tally.ballots : 0})`;
      count.textContent = counts ? `${counts[n]} · ${part} %` : " ";
      row.classList.toggle("right", poll.right === n);
      row.classList.toggle("won", tally.runoff?.winner === n);
    });
  }
}

/** Words by how often they were said, as a cloud: the size says how often, the title how often exactly. */
export function cloud(tally) {
  const words = tally.words || [];
  const most = Math.max(1, ...words.map(({ count }) => count));
  return words.map(({ word, count }) => {
    const said = el("li", { title: `${count}` }, word, el("span", { class: "unseen" }, ` ${count}`));
    said.style.fontSize = `${0.9 + (1.8 * count) / most}em`;
    return said;
  });
}

/** The rounds of a run-off in words. */
export function rounds(poll, runoff) {
  return runoff.rounds.map((round, n) => {
    const counts = round.counts.map((count, option) => (count === null ? null : `${poll.options[option]} ${count}`)).filter(Boolean);
    const out = round.out === null ? "" : ` – out: ${poll.options[round.out]}${round.tie ? ` (by ${round.tie === "lot" ? "lot" : "an earlier round"})` : ""}`;
    return el("li", {}, `Round ${n + 1}: ${counts.join(", ")}${out}`);
  });
}

/** The best of a quiz. */
export function podium(tally) {
  return (tally.best || []).map(({ place, name, ballot, points }) => el("li", { value: place }, `${name || `Ballot ${ballot}`} – ${points} points`));
}

/** How long a poll is still open, as `1:05`; nothing if nobody set a time. */
export function left(poll) {
  if (poll.phase !== "open" || !poll.closes_at) return "";
  const seconds = Math.max(0, Math.ceil((Date.parse(poll.closes_at) - now()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Keeps a view up to date: each part of a change takes the place of the one before. */
export const fold = (view, change) => ({ ...view, ...change });
