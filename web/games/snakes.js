// Snakes: what one sees, does and hears.

import { nameOf, placeOf } from "../game/scene.js";
import { bendOf, cellsOf, isHalfway, slotsOf, STEPS } from "../game/snakes.js";
import { colours, Paper } from "../game/paper.js";
import { announce, el } from "../ui.js";

export const title = "Snakes";
export const about = "Eat, grow, and run into nobody.";
export const seats = { seats: 16, bots: 6 };
export const fields = [
  { name: "size", label: "Cells each way", min: 24, max: 64, value: 48 },
  { name: "walls", label: "Edge", options: { true: "a wall", false: "open: out here, in there" }, as: (value) => value === "true" },
  { name: "food", label: "Food", min: 1, max: 96, value: 24 },
  { name: "minutes", label: "Minutes", min: 1, max: 30, value: 5 },
  { name: "length", label: "Ends at the length", min: 10, max: 96, value: 80 },
];
export const columns = ["Longest", "Kills", "Deaths"];
export const follows = true;

const key = (name) => el("kbd", {}, name);
export const keys = [
  el("span", { class: "by-touch" }, "Swipe on the picture to turn."),
  el("span", { class: "by-keys" }, "Turn with the arrow keys or ", key("W"), " ", key("A"), " ", key("S"), " ", key("D"), ". ", key("H"), " says how you stand."),
];

const KEYS = { ArrowUp: 0, KeyW: 0, ArrowRight: 1, KeyD: 1, ArrowDown: 2, KeyS: 2, ArrowLeft: 3, KeyA: 3 };
const WAYS = ["up", "right", "down", "left"];

/** How far a finger goes before it says a way, in pixels. */
const SWIPE_PX = 22;

/** How many cells are seen along the shorter side where the whole ground would be too small, and how wide a cell is
 * then at least, in pixels. */
const CELLS_SEEN = 30;
const CELL_PX = 9;

/** Colours of other snakes, by seat: names of the page's own. */
const TONES = ["standard", "companion", "good", "accessible", "premium", "soft"];

export class View {
  #schema;
  #names;
  #size;
  #walls;
  #slots;
  #paper;
  #tone = colours();
  /** Which way the player wants to go: 0 nothing yet, else a way and one. */
  #go = 0;
  #snakes = [];
  #food = [];
  #scores = [];

  constructor({ stage, kind, schema, settings, names, seat }) {
    [this.#schema, this.#names, this.seat, this.plays] = [schema, names, seat, seat !== null];
    [this.#size, this.#walls, this.#slots] = [settings.size, settings.walls, slotsOf(kind.players_max)];
    const label = "The ground, seen from above.";
    const canvas = el("canvas", this.plays
      ? { id: "picture", tabindex: 0, role: "application", "aria-label": `${label} Where you are and what is near is told below.`, "aria-describedby": "keys" }
      : { id: "picture", role: "img", "aria-label": `${label} The scores below say how it stands at this moment.` });
    stage.append(canvas);
    this.#paper = new Paper(canvas, () => { this.#tone = colours(); });
    if (this.plays) this.#listen(canvas);
  }

  #listen(canvas) {
    canvas.addEventListener("keydown", (event) => {
      const way = KEYS[event.code];
      if (way === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#go = way + 1;
    });
    let from = null;
    canvas.addEventListener("pointerdown", (event) => { from = { x: event.clientX, y: event.clientY }; });
    canvas.addEventListener("pointermove", (event) => {
      if (!from || event.buttons === 0) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.max(Math.abs(x), Math.abs(y)) < SWIPE_PX) return;
      this.#go = (Math.abs(x) > Math.abs(y) ? (x > 0 ? 1 : 3) : (y > 0 ? 2 : 0)) + 1;
      from = { x: event.clientX, y: event.clientY };
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { from = null; });
  }

  action() { return { go: this.#go }; }

  heard(_, table) {
    // Whoever comes in again goes where they are put until they say otherwise.
    if (!table.get(this.seat)) this.#go = 0;
  }

  event({ kind, values: { whom, by } }) {
    if (!this.plays || kind !== "death") return;
    const name = (seat) => nameOf(this.#names, seat);
    if (whom === this.seat) announce(`${by ? `You ran into ${name(by - 1)}` : "You ran into a wall or yourself"}. You come in again in three seconds.`);
    else if (by - 1 === this.seat) announce(`${name(whom)} ran into you.`);
  }

  show(between) {
    const { older, newer, part } = between;
    [this.#snakes, this.#food, this.#scores] = [[], [], []];
    for (const [slot, entity] of older.entries()) {
      const { kind, ...values } = this.#schema.named(entity);
      if (kind === "head") this.#snakes.push(this.#snake(slot, values, older, newer, part));
      else if (kind === "food") this.#food.push(values);
      else if (kind === "score") this.#scores.push({ ...values, seat: slot - this.#slots.scores });
    }
    this.#scores.sort((a, b) => b.best - a.best || b.kills - a.kills || a.seat - b.seat);
    this.#draw();
  }

  #snake(seat, head, older, newer, part) {
    const bend = (n) => bendOf((slot) => older.get(slot), this.#slots.coils, seat, n);
    const cells = cellsOf(head, older.tick, this.#size, bend);
    // In the second tick of a move it is on its way to where the newer state has it.
    const next = newer.get(seat);
    const same = next && next.generation === older.get(seat).generation && newer !== older;
    const { vx, vy } = !isHalfway(older.tick) && same ? this.#schema.named(next) : head;
    const on = same ? part / 512 : 0;
    const way = bend(head.newest)?.way ?? 0;
    return { seat, cells, way, length: head.length, x: head.x / 2 + vx * on, y: head.y / 2 + vy * on, behind: isHalfway(older.tick) ? 1 : 0 };
  }

  get #own() { return this.#snakes.find((snake) => snake.seat === this.seat); }

  #draw() {
    const paper = this.#paper;
    const { width, height } = paper.size;
    const all = this.#size + 1;
    const whole = this.seat === null || Math.min(width, height) / all >= CELL_PX;
    const scale = Math.min(width, height) / (whole ? all : CELLS_SEEN);
    const own = this.#own;
    if (!whole && own) this.eye = [own.x, own.y];
    const [x, y] = whole || !this.eye ? [this.#size / 2 - 0.5, this.#size / 2 - 0.5] : this.eye;
    const pen = paper.begin(this.#tone.ground, scale, x, y);
    const edge = [-0.5, -0.5, this.#size, this.#size];
    pen.fillStyle = this.#tone.card;
    pen.fillRect(...edge);
    pen.strokeStyle = this.#walls ? this.#tone.ink : this.#tone.line;
    pen.lineWidth = 0.3;
    pen.setLineDash(this.#walls ? [] : [0.8, 0.8]);
    pen.strokeRect(...edge);
    pen.setLineDash([]);
    pen.fillStyle = this.#tone.gold;
    pen.beginPath();
    for (const food of this.#food) {
      pen.moveTo(food.x, food.y - 0.4);
      for (const [dx, dy] of [[0.4, 0], [0, 0.4], [-0.4, 0]]) pen.lineTo(food.x + dx, food.y + dy);
      pen.closePath();
    }
    pen.fill();
    for (const snake of this.#snakes) if (snake !== own) this.#drawSnake(pen, snake, scale);
    if (own) this.#drawSnake(pen, own, scale);
  }

  #drawSnake(pen, snake, scale) {
    const mine = snake.seat === this.seat;
    pen.lineJoin = pen.lineCap = "round";
    // One's own is told from others by its rim too, not by its colour alone.
    const strokes = mine ? [[0.95, this.#tone.ink], [0.65, this.#tone.brand]] : [[0.75, this.#tone[TONES[snake.seat % TONES.length]]]];
    for (const [width, tone] of strokes) {
      [pen.lineWidth, pen.strokeStyle] = [width, tone];
      pen.beginPath();
      let [x, y] = [snake.x, snake.y];
      pen.moveTo(x, y);
      pen.lineTo(x, y);
      for (const [cx, cy] of snake.cells.slice(snake.behind)) {
        if (Math.abs(cx - x) + Math.abs(cy - y) > 1.6) pen.moveTo(cx, cy);
        pen.lineTo(cx, cy);
        [x, y] = [cx, cy];
      }
      pen.stroke();
    }
    const [dx, dy] = STEPS[snake.way];
    pen.fillStyle = this.#tone.card;
    for (const side of [-0.2, 0.2]) {
      pen.beginPath();
      pen.arc(snake.x + dx * 0.12 + dy * side, snake.y + dy * 0.12 - dx * side, 0.1, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.fillStyle = this.#tone.ink;
    pen.font = `${12 / scale}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.fillText(nameOf(this.#names, snake.seat), snake.x, snake.y - 0.8);
  }

  scores() { return this.#scores.map(({ seat, best, kills, deaths }) => ({ seat, cells: [best, kills, deaths] })); }

  words() {
    const own = this.#own;
    const scores = this.#scores.map((score) => ({ ...score, frags: score.best }));
    const best = scores.find((score) => score.seat === this.seat)?.best ?? 0;
    const stands = `Place ${placeOf(scores, this.seat)} of ${scores.length}, longest ${best}.`;
    return own ? `Length ${own.length}. ${stands}` : `You are out. ${stands}`;
  }

  place() {
    const own = this.#own;
    if (!own) return "";
    const [x, y] = own.cells[0];
    return `You are in column ${x + 1} and row ${y + 1} of ${this.#size}, and go ${WAYS[own.way]}.`;
  }

  /** The nearest food, and the nearest heads, in words. */
  sight() {
    const own = this.#own;
    if (!own) return [];
    const [x, y] = own.cells[0];
    const near = (things) => things.map((thing) => ({ ...thing, far: Math.abs(thing.at[0] - x) + Math.abs(thing.at[1] - y) })).sort((a, b) => a.far - b.far);
    const where = ([tx, ty]) => [tx !== x && `${Math.abs(tx - x)} ${tx > x ? "right" : "left"}`, ty !== y && `${Math.abs(ty - y)} ${ty > y ? "below" : "above"}`].filter(Boolean).join(", ");
    const food = near(this.#food.map((one) => ({ name: "Food", at: [one.x, one.y] }))).slice(0, 2);
    const heads = near(this.#snakes.filter((snake) => snake !== own).map((snake) => ({ name: nameOf(this.#names, snake.seat), at: snake.cells[0] }))).slice(0, 6);
    return [...food, ...heads].map(({ name, at }) => `${name}, ${where(at)}`);
  }
}
