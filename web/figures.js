// Figures for people: sizes, times, and a small line that shows where a figure comes from.

/** How many figures a line shows: two minutes at one a second. */
const KEPT = 120;
const SVG = "http://www.w3.org/2000/svg";

/** What is shown where there is no figure yet. */
const NONE = "–";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1536` as `1.5 KiB`. */
export function bytes(n) {
  if (n === null || n === undefined) return NONE;
  const power = Math.min(UNITS.length - 1, n < 1024 ? 0 : Math.floor(Math.log2(n) / 10));
  return `${decimal(n / 1024 ** power, power ? 1 : 0)} ${UNITS[power]}`;
}

/** `n` with at most `digits` behind the point. */
export const decimal = (n, digits = 1) => (n === null || n === undefined ? NONE : n.toLocaleString(undefined, { maximumFractionDigits: digits }));

/** `seconds` as `3 s`, `4 min`, `5 h` or `6 d`, rounded down. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const [size, unit] = [[86_400, "d"], [3600, "h"], [60, "min"]].find(([least]) => seconds >= least) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** `0.42 ms`, `17 ms`. */
export const millis = (n) => (n === null || n === undefined ? NONE : `${decimal(n, n < 10 ? 2 : 0)} ms`);

/** The newest figures as a line. Screen readers are told the newest beside it, not the line. */
export class Spark {
  #line = document.createElementNS(SVG, "polyline");
  #figures = [];
  element = document.createElementNS(SVG, "svg");

  constructor() {
    for (const [name, value] of [["class", "spark"], ["viewBox", `0 0 ${KEPT - 1} 24`], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) this.element.setAttribute(name, value);
    this.#line.setAttribute("vector-effect", "non-scaling-stroke");
    this.element.append(this.#line);
  }

  add(figure) {
    if (typeof figure !== "number") return;
    this.#figures = [...this.#figures.slice(1 - KEPT), figure];
    const most = Math.max(...this.#figures, Number.MIN_VALUE);
    const from = KEPT - this.#figures.length;
    this.#line.setAttribute("points", this.#figures.map((n, at) => `${from + at},${(23 - (22 * n) / most).toFixed(1)}`).join(" "));
  }
}
