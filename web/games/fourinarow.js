// Four in a row: the board as seven buttons, two clocks, and what the players say to each other.

import { nameOf } from "../game/scene.js";
import { $, announce, el, sure } from "../ui.js";

export const title = "Four in a row";
export const about = "Two players, seven columns, a clock each.";
export const seats = { seats: 2, bots: 1 };
export const fields = [
  { name: "minutes", label: "Minutes each", min: 1, max: 10, value: 5 },
  { name: "increment", label: "Seconds that a move adds", min: 0, max: 30, value: 5 },
  { name: "level", label: "The computer plays", options: { 1: "for beginners", 2: "so so", 3: "well" }, value: 3, as: Number },
];
export const columns = ["Discs"];
export const follows = false;
/** True if there is something to be seen of a match once it is over. */
export const stays = true;

const key = (name) => el("kbd", {}, name);
export const keys = [
  el("span", { class: "by-touch" }, "Touch the column that your disc is to fall into."),
  el("span", { class: "by-keys" }, "Click the column that your disc is to fall into, or press ", key("1"), " to ", key("7"), "; ", key("←"), " and ", key("→"), " go from column to column. ", key("H"), " says how it stands."),
];

const [COLUMNS, ROWS] = [7, 6];
const OFFERS = 1;
const ACCEPTS = 2;
const RESIGNS = 3;

/** The columns as the server tells them, as lists of discs from below: 0 of whoever began, 1 of the other. */
export function boardOf(board) {
  return Array.from({ length: COLUMNS }, (_, n) => {
    const told = Math.max(1, board[`column_${n + 1}`]);
    return [...told.toString(2).slice(1)].map(Number);
  });
}

/** The cells, `[column, row]`, of every four in a row on a board. */
export function fours(board) {
  const at = (x, y) => board[x]?.[y];
  const found = [];
  for (let x = 0; x < COLUMNS; x += 1) {
    for (let y = 0; y < ROWS; y += 1) {
      for (const [dx, dy] of [[0, 1], [1, 0], [1, 1], [1, -1]]) {
        const line = [0, 1, 2, 3].map((n) => [x + dx * n, y + dy * n]);
        if (at(x, y) !== undefined && line.every(([lx, ly]) => at(lx, ly) === at(x, y))) found.push(...line);
      }
    }
  }
  return found;
}

const ENDS = { 1: "Four in a row", 2: "The board is full", 3: "A draw was agreed", 4: "Resigned", 5: "Out of time", 6: "Gone" };
const DISCS = ["round", "ringed"];

export class View {
  #schema;
  #hz;
  #names;
  #columns = [];
  #clocks = [];
  #state = null;
  #board = Array.from({ length: COLUMNS }, () => []);
  /** What the player chose, until the server has done it or moved on: `{ move, drop, say }`. */
  #wants = null;
  #shown = "";
  #told = "";

  constructor({ stage, schema, names, seat }) {
    [this.#schema, this.#names, this.seat, this.plays] = [schema, names, seat, seat !== null];
    this.#hz = schema.tickHz;
    this.#columns = Array.from({ length: COLUMNS }, (_, n) => el(this.plays ? "button" : "div", {
      type: this.plays ? "button" : null, role: this.plays ? null : "img", class: "column", tabindex: this.plays ? (n === 3 ? 0 : -1) : null, onclick: () => this.#drop(n),
    }, ...Array.from({ length: ROWS }, () => el("i", {}))));
    const board = el("div", { class: "board", role: "group", "aria-label": "The board, seven columns" }, ...this.#columns);
    this.#clocks = [0, 1].map(() => el("p", { class: "clock" }, el("i", { "aria-hidden": "true" }), el("span", {}), el("output", {})));
    const parts = [el("div", { class: "clocks" }, ...this.#clocks), board];
    if (this.plays) {
      this.draws = el("button", { type: "button", id: "draws", class: "second", onclick: () => this.#say(this.#isOffered ? ACCEPTS : OFFERS) }, "Offer a draw");
      this.resigns = el("button", { type: "button", id: "resigns", class: "quiet", onclick: () => this.#resign() }, "Resign");
      parts.push(el("div", { class: "row" }, this.draws, this.resigns));
      board.addEventListener("keydown", (event) => this.#key(event));
    }
    stage.append(el("div", { class: "fourinarow" }, ...parts));
  }

  get #turn() { return (this.#state.first + this.#state.discs) % 2; }
  get #isOver() { return this.#state.ended !== 0; }
  get #isMine() { return this.plays && !this.#isOver && this.#turn === this.seat; }
  get #isOffered() { return this.#state?.offer === 2 - this.seat; }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = this.#columns.indexOf(document.activeElement);
    const number = /^[1-7]$/.test(event.key) ? Number(event.key) - 1 : null;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: COLUMNS - 1 }[event.key] ?? number;
    if (to !== null && to !== undefined) {
      const column = (to + COLUMNS) % COLUMNS;
      this.#columns.forEach((button, n) => { button.tabIndex = n === column ? 0 : -1; });
      this.#columns[column].focus();
      if (number !== null) this.#drop(number);
    } else if (event.key === "ArrowDown" && at >= 0) this.#drop(at);
    else return;
    event.preventDefault();
  }

  #drop(column) {
    if (!this.#state || this.#wants?.drop) return;
    if (!this.#isMine) { announce(this.#isOver ? "It is over." : "It is not your turn."); return; }
    if (this.#board[column].length === ROWS) { announce(`Column ${column + 1} is full.`); return; }
    this.#wants = { move: this.#state.discs, drop: column + 1 };
    this.#draw();
  }

  #say(say) {
    if (this.#state && !this.#isOver) this.#wants = { move: this.#state.discs, ...this.#wants, say };
  }

  async #resign() {
    if (await sure("Resign?", "The other one wins.", "Resign")) this.#say(RESIGNS);
  }

  action() { return this.#wants ?? {}; }

  heard(_, table) {
    const state = table.get(1) && this.#schema.named(table.get(1));
    if (!state || !this.#wants) return;
    // Done, or meant for a move that is over.
    const { move, say } = this.#wants;
    const said = say === OFFERS && state.offer === this.seat + 1;
    if (state.ended || (state.discs !== move && say !== RESIGNS)) this.#wants = null;
    else if (said) this.#wants = this.#wants.drop ? { move, drop: this.#wants.drop } : null;
  }

  restart() { this.#wants = null; }

  show({ older, newer, part }, peer) {
    // Nothing here moves from place to place: the newest is shown at once.
    const table = peer ? peer.world : part < 128 ? older : newer;
    const named = (slot) => table.get(slot) && this.#schema.named(table.get(slot));
    const [board, state, ...clocks] = [0, 1, 2, 3].map(named);
    if (!board || !state) return;
    [this.#state, this.#board] = [state, boardOf(board)];
    clocks.forEach((clock, seat) => this.#clock(seat, clock));
    this.#draw();
  }

  #clock(seat, clock) {
    const [disc, name, time] = this.#clocks[seat].children;
    disc.className = `disc ${DISCS[seat === this.#state.first ? 0 : 1]}`;
    const seconds = Math.ceil((clock?.left ?? 0) / this.#hz);
    const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const text = nameOf(this.#names, seat) + (seat === this.seat ? " (you)" : "");
    if (name.textContent !== text) name.textContent = text;
    if (time.textContent !== left) time.textContent = left;
    const turns = !this.#isOver && this.#turn === seat;
    this.#clocks[seat].classList.toggle("turn", turns);
    this.#clocks[seat].classList.toggle("short", turns && seconds <= 20);
  }

  #draw() {
    const shown = JSON.stringify([this.#board, this.#state, this.#wants]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const won = this.#state.ended === 1 ? fours(this.#board) : [];
    this.#columns.forEach((column, x) => this.#drawColumn(column, x, won));
    if (this.plays) this.#buttons();
    if (this.plays) this.#tell();
  }

  #drawColumn(column, x, won) {
    const discs = this.#board[x];
    const drops = this.#wants?.drop === x + 1;
    [...column.children].forEach((cell, n) => {
      const y = ROWS - 1 - n;
      const wins = won.some(([wx, wy]) => wx === x && wy === y);
      const is = discs[y] !== undefined ? `disc ${DISCS[discs[y]]}` : drops && y === discs.length ? `disc ghost ${DISCS[this.#state.discs % 2]}` : "";
      const name = `${is}${wins ? " won" : ""}`;
      if (cell.className !== name) cell.className = name;
    });
    const own = this.seat === this.#state.first ? 0 : 1;
    const words = discs.map((disc) => (this.plays ? (disc === own ? "yours" : "the other's") : DISCS[disc]));
    const text = `Column ${x + 1}, ${discs.length ? `from below: ${words.join(", ")}` : "empty"}`;
    if (column.getAttribute("aria-label") !== text) column.setAttribute("aria-label", text);
    if (this.plays) column.setAttribute("aria-disabled", String(!this.#isMine || discs.length === ROWS));
  }

  #buttons() {
    const offers = this.#state.offer === this.seat + 1;
    this.draws.textContent = this.#isOffered ? "Accept the draw" : offers ? "A draw is offered" : "Offer a draw";
    this.draws.disabled = this.#isOver || offers;
    this.resigns.disabled = this.#isOver;
  }

  /** Says to screen readers what changed. */
  #tell() {
    const { discs, offer, ended } = this.#state;
    const now = `${discs} ${offer} ${ended}`;
    if (now === this.#told) return;
    this.#told = now;
    announce(this.words());
  }

  scores() {
    if (!this.#state) return [];
    const count = (disc) => this.#board.flat().filter((one) => one === disc).length;
    return [0, 1].map((seat) => ({ seat, cells: [count(seat === this.#state.first ? 0 : 1)] }));
  }

  /** Who is to move or how it ended, in a sentence. */
  words() {
    if (!this.#state) return "";
    const { ended, winner, discs } = this.#state;
    const other = nameOf(this.#names, 1 - this.seat);
    if (ended) {
      const who = winner === 0 ? "nobody wins" : winner - 1 === this.seat ? "you win" : `${nameOf(this.#names, winner - 1)} wins`;
      return `${ENDS[ended]}: ${who}.`;
    }
    const offer = this.#isOffered ? ` ${other} offers a draw.` : "";
    const last = discs > 0 && this.#last !== null ? ` The last disc is in column ${this.#last + 1}.` : "";
    return `${this.#isMine ? "Your turn" : `${other} is to move`}.${last}${offer}`;
  }

  /** The column that the last disc fell into; null if it is not known. */
  get #last() {
    const heights = this.#board.map((column) => column.length);
    const grown = heights.findIndex((height, n) => height > (this.heights?.[n] ?? 0));
    const sum = (list) => list.reduce((all, one) => all + one, 0);
    if (grown >= 0 && this.heights && sum(heights) === sum(this.heights) + 1) this.lastColumn = grown;
    if (grown >= 0 && sum(heights) === 1) this.lastColumn = grown;
    this.heights = heights;
    return this.lastColumn ?? null;
  }

  close() {
    for (const button of $(".fourinarow")?.querySelectorAll("button") ?? []) button.setAttribute("aria-disabled", "true");
    for (const button of [this.draws, this.resigns]) if (button) button.hidden = true;
  }
}
