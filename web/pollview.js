// What a poll's page shows: bars that move, words, the end of a run-off, a podium, questions.

import { now } from "./api.js";
import { el } from "./ui.js";

const share = (count, of) => (of ? Math.round((100 * count) / of) : 0);

/** What each bar of `poll` is called. */
export function labels(poll) {
  return poll.kind === "rating" ? ["1", "2", "3", "4", "5"] : poll.options;
}

/** The `n`th bar in words, as a screen reader reads it. */
function inWords(poll, tally, n) {
  const label = poll.kind === "rating" ? `${n + 1} of 5` : poll.options[n];
  if (!tally.counts) return label;
  const votes = tally.counts[n];
  const parts = [label, `${votes} ${votes === 1 ? "vote" : "votes"}`, `${share(votes, tally.ballots)} percent`];
  if (poll.right === n) parts.push("the right answer");
  if (tally.runoff?.winner === n) parts.push("wins");
  return parts.join(", ");
}

/** The tallies in a sentence: the five that have most. */
export function summary(poll, tally) {
  if (tally.words) return tally.words.length ? `Most said: ${tally.words.slice(0, 5).map(({ word, count }) => `${word}, ${count}`).join("; ")}` : "";
  if (!tally.counts) return "";
  const order = tally.counts.map((_, n) => n).sort((a, b) => tally.counts[b] - tally.counts[a] || a - b);
  return order.slice(0, 5).map((n) => inWords(poll, tally, n)).join("; ");
}

/** Bars for `poll`. They are made once and then moved, so that nothing jumps. */
export class Bars {
  #rows = [];
  #root;

  constructor(root, poll) {
    this.#root = root;
    this.#rows = labels(poll).map((label) => {
      const fill = el("i", { class: "fill" });
      const count = el("span", { class: "count", "aria-hidden": "true" }, " ");
      const said = el("span", { class: "unseen" }, label);
      const row = el("li", {}, said, el("span", { class: "label", "aria-hidden": "true" }, label), count, el("span", { class: "track-bar", "aria-hidden": "true" }, fill));
      return { row, fill, count, said };
    });
    root.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  /** Moves the bars; without counts they are empty. */
  show(poll, tally) {
    const counts = tally.counts;
    this.#root.classList.toggle("sealed", !counts);
    this.#rows.forEach(({ row, fill, count, said }, n) => {
      const part = counts ? share(counts[n], tally.ballots) : 0;
      fill.style.transform = `scaleX(${counts && tally.ballots ? counts[n] / tally.ballots : 0})`;
      count.textContent = counts ? `${counts[n]} · ${part} %` : " ";
      said.textContent = inWords(poll, tally, n);
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

/** The questions of a poll, kept up to date by what its channel says. */
export class Questions {
  #all = new Map();

  take({ questions }) { this.#all = new Map(questions.map((q) => [q.id, q])); }

  put(question) { this.#all.set(question.id, question); }

  change({ cleared, questions = {}, votes = {} }) {
    if (cleared) this.#all.clear();
    for (const [n, question] of Object.entries(questions)) question ? this.put(question) : this.#all.delete(Number(n));
    for (const [n, count] of Object.entries(votes)) if (this.#all.has(Number(n))) this.#all.get(Number(n)).votes = count;
  }

  get size() { return this.#all.size; }

  /** Those most wanted first, the older before the newer. */
  sorted() { return [...this.#all.values()].sort((a, b) => b.votes - a.votes || a.id - b.id); }

  /** Follows the questions of `poll`; `draw` is called whenever something changed. */
  follow(live, poll, draw) {
    live.subscribe(`questions:${poll}`, {
      view: (all) => { this.take(all); draw(); },
      change: (change) => { this.change(change); draw(); },
    });
  }
}

/** Keeps a view up to date: each part of a change takes the place of the one before. */
export const fold = (view, change) => ({ ...view, ...change });
