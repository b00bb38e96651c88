// The board as a table.

import { cellIn, firsts, placed } from "./board.js";
import { el } from "../ui.js";

/** The table of `rows`; `own` is the number of the reader's team. */
export function ranks(view, rows, own = null) {
  const first = firsts(rows);
  const points = Object.fromEntries(view.problems.map(({ letter, points: worth }) => [letter, worth]));
  const icpc = view.scoring === "icpc";
  const head = el("tr", {}, el("th", { scope: "col" }, "Place"), el("th", { scope: "col" }, "Team"), el("th", { scope: "col" }, icpc ? "Solved" : "Points"), icpc && el("th", { scope: "col" }, "Penalty"), ...view.problems.map(({ letter, title }) => el("th", { scope: "col", title }, letter)));
  const line = ({ place, row }) => el("tr", { "data-team": row.team, class: row.team === own ? "own" : null },
    el("td", {}, String(place)), el("th", { scope: "row" }, row.name), el("td", { class: "number" }, String(row.score)), icpc && el("td", { class: "number" }, String(row.penalty)),
    ...view.problems.map(({ letter }) => el("td", { "data-problem": letter }, cell(row, letter))));
  const cell = (row, letter) => {
    const { kind, short, long, minutes } = cellIn(row.cells[letter], view.scoring, points[letter]);
    if (kind === "none") return null;
    const was = first.get(letter) === row.team ? " first" : "";
    return el("span", { class: `cell ${kind}${was}`, title: `${letter}: ${long}` }, el("span", { "aria-hidden": "true" }, short), minutes !== undefined && el("small", { "aria-hidden": "true" }, String(minutes)), el("span", { class: "unseen" }, long + (was ? ", first of all" : "")));
  };
  return el("table", { class: "ranks" }, el("caption", { class: "unseen" }, "Board"), el("thead", {}, head), el("tbody", {}, ...placed(rows).map(line)));
}
