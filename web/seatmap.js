// The seat map: real buttons in a grid, one tab stop, arrow keys; or the same seats as a list.

import { el } from "./ui.js";

const SHAPES = { free: "", held: "◔", sold: "×", blocked: "–", mine: "✓" };
const WORDS = { free: "free", held: "on hold", sold: "sold", blocked: "not on sale", mine: "yours" };

export class SeatMap {
  #root;
  #seats = new Map();
  #rows = [];
  #chosen = new Set();
  #mine = new Set();
  #currency = "";
  #onChoose;
  #onPick;
  #marked = new Set();

  /** With `onPick` the map is there to look at: any seat can be picked, one at a time, and none is taken. */
  constructor(root, onChoose, onPick = null) {
    this.#root = root;
    this.#onChoose = onChoose;
    this.#onPick = onPick;
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-seat]");
      if (!button || button.getAttribute("aria-disabled") === "true") return;
      if (this.#onPick) this.#onPick(button.dataset.seat);
      else this.#toggle(button.dataset.seat);
    });
  }

  /** Shows the whole map; returns the names of chosen seats that were lost. The same plan is not drawn anew,
   * so that the focus stays where it is. */
  show({ showing, rows }) {
    this.#currency = showing.currency;
    const ids = rows.flatMap(({ seats }) => seats.map((seat) => seat.id));
    if (ids.length === this.#seats.size && ids.every((id) => this.#seats.has(id))) {
      return this.change(Object.fromEntries(rows.flatMap(({ seats }) => seats.map(({ id, state }) => [id, state]))));
    }
    this.#seats.clear();
    this.#rows = rows;
    this.#root.replaceChildren(...rows.map((row) => this.#row(row)));
    const first = this.#seats.values().next().value;
    if (first) first.button.tabIndex = 0;
    for (const id of [...this.#chosen]) if (!this.#onPick && this.#seats.get(id)?.state !== "free") this.#chosen.delete(id);
    for (const id of this.#seats.keys()) this.#paint(id);
    return [];
  }

  #row({ row, seats }) {
    const line = el("div", { class: "seat-row", role: "group", "aria-label": `Row ${row}` }, el("span", { class: "row-name", "aria-hidden": "true" }, row));
    for (const seat of seats) {
      const button = el("button", { type: "button", "data-seat": seat.id, tabindex: -1 });
      button.style.gridColumn = String(seat.x + 2);
      this.#seats.set(seat.id, { ...seat, row, button });
      line.append(button);
    }
    return line;
  }

  /** Takes in what changed; returns the names of chosen seats that were lost. */
  change(states) {
    const lost = [];
    for (const [id, state] of Object.entries(states)) {
      const seat = this.#seats.get(id);
      if (!seat || seat.state === state) continue;
      seat.state = state;
      if (!this.#onPick && state !== "free" && this.#chosen.delete(id) && !this.#mine.has(id)) lost.push(id);
      this.#paint(id);
      seat.button.classList.remove("changed");
      requestAnimationFrame(() => seat.button.classList.add("changed"));
    }
    return lost;
  }

  /** These seats are one's own: held or bought. */
  own(ids) {
    const before = this.#mine;
    this.#mine = new Set(ids);
    for (const id of new Set([...before, ...ids])) this.#paint(id);
  }

  /** Shows these seats, and no others, as changed just now. */
  mark(ids) {
    const before = this.#marked;
    this.#marked = new Set(ids);
    for (const id of new Set([...before, ...ids])) this.#paint(id);
  }

  /** The one seat that is looked at, or none. */
  pick(id) {
    this.clear();
    if (this.#seats.has(id)) this.#chosen.add(id);
    this.#paint(id);
  }

  /** The names of the chosen seats. */
  get chosen() { return [...this.#chosen]; }

  clear() {
    const before = [...this.#chosen];
    this.#chosen.clear();
    before.forEach((id) => this.#paint(id));
  }

  price(ids) { return ids.reduce((sum, id) => sum + Math.round(Number(this.#seats.get(id)?.price || 0) * 100), 0) / 100; }

  #toggle(id) {
    if (!this.#chosen.delete(id)) this.#chosen.add(id);
    this.#paint(id);
    this.#onChoose(this.chosen);
  }

  #paint(id) {
    const seat = this.#seats.get(id);
    if (!seat) return;
    const state = this.#mine.has(id) ? "mine" : seat.state;
    const chosen = this.#chosen.has(id);
    const { button } = seat;
    const marked = this.#marked.has(id);
    const looked = this.#onPick !== null;
    button.className = `seat ${seat.kind} ${state}${chosen ? (looked ? " picked" : " chosen") : ""}${marked ? " marked" : ""}`;
    button.textContent = chosen && !looked ? "✓" : SHAPES[state] || String(seat.number);
    button.setAttribute("aria-pressed", String(chosen));
    button.setAttribute("aria-disabled", String(!looked && state !== "free"));
    const name = `Row ${seat.row}, seat ${seat.number}, ${seat.kind}, ${seat.price} ${this.#currency}, ${chosen && !looked ? "chosen" : WORDS[state]}${marked ? ", changed" : ""}`;
    button.setAttribute("aria-label", name);
    button.title = name;
  }

  #key(event) {
    const button = event.target.closest("button[data-seat]");
    if (!button) return;
    const next = this.#next(this.#seats.get(button.dataset.seat), event.key);
    if (!next) return;
    event.preventDefault();
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /** The button to which `key` leads from `seat`: in the map as the arrow points; in the list up and down go
   * through all seats one by one, left and right from row to row. */
  #next(seat, key) {
    const isList = this.#root.classList.contains("list");
    const y = this.#rows.findIndex(({ row }) => row === seat.row);
    const own = this.#rows[y].seats;
    const within = (n, list) => list[Math.min(list.length - 1, Math.max(0, n))];
    const along = (list, by) => within(list.findIndex(({ id }) => id === seat.id) + by, list);
    const across = (by) => { const { seats } = within(y + by, this.#rows); return seats[nearest(seats, seat.x)]; };
    const all = () => this.#rows.flatMap(({ seats }) => seats);
    const keys = {
      ArrowLeft: () => (isList ? across(-1) : along(own, -1)), ArrowRight: () => (isList ? across(1) : along(own, 1)),
      ArrowUp: () => (isList ? along(all(), -1) : across(-1)), ArrowDown: () => (isList ? along(all(), 1) : across(1)),
      Home: () => own[0], End: () => own.at(-1),
    };
    return Object.hasOwn(keys, key) ? this.#seats.get(keys[key]().id).button : null;
  }
}

function nearest(row, x) {
  let best = 0;
  row.forEach((seat, at) => { if (Math.abs(seat.x - x) < Math.abs(row[best].x - x)) best = at; });
  return best;
}
