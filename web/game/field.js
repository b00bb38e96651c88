// A field of cells seen from above: what a page needs for a game whose entities have an `x` and a `y` and whose players
// go about by four keys. A game's own view says what it does with that (`docs/your-own-game.md`).

import { el } from "../ui.js";
import { nameOf } from "./scene.js";
import { colours, Paper } from "./paper.js";

const WAYS = {
  ArrowUp: { y: -1 }, KeyW: { y: -1 }, ArrowDown: { y: 1 }, KeyS: { y: 1 }, ArrowLeft: { x: -1 }, KeyA: { x: -1 }, ArrowRight: { x: 1 }, KeyD: { x: 1 },
};

/** How far a finger is from where it came down before it says a way, in pixels. */
const DEAD_PX = 16;

export class Field {
  #schema;
  #names;
  #size;
  #tones;
  #paper;
  #tone = colours();
  #held = new Set();
  #finger = null;
  #things = [];

  /** A field of `size` cells each way; `tones` has the colour of each kind of entity that is no player's. */
  constructor({ stage, schema, names, seat }, { size, label, tones = {} }) {
    [this.#schema, this.#names, this.#size, this.#tones, this.seat] = [schema, names, size, tones, seat];
    const canvas = el("canvas", { id: "picture", tabindex: seat === null ? null : 0, role: seat === null ? "img" : "application", "aria-label": `${label}, ${size} cells each way. How it stands is told below.` });
    stage.append(canvas);
    this.#paper = new Paper(canvas, () => { this.#tone = colours(); });
    if (seat !== null) this.#listen(canvas);
  }

  #listen(canvas) {
    canvas.addEventListener("keydown", (event) => {
      if (!WAYS[event.code] || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#held.add(event.code);
    });
    canvas.addEventListener("keyup", (event) => this.#held.delete(event.code));
    canvas.addEventListener("blur", () => this.#held.clear());
    let from = null;
    canvas.addEventListener("pointerdown", (event) => { from = event; });
    canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const way = (by) => (Math.abs(by) < DEAD_PX ? 0 : Math.sign(by));
      this.#finger = { x: way(event.clientX - from.clientX), y: way(event.clientY - from.clientY) };
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { from = this.#finger = null; });
  }

  /** Which way the player goes by keys or finger: `{ x, y }`, each -1, 0 or 1. */
  get way() {
    if (this.#finger) return this.#finger;
    const sum = (axis) => Math.sign([...this.#held].reduce((all, code) => all + (WAYS[code][axis] ?? 0), 0));
    return { x: sum("x"), y: sum("y") };
  }

  /** Every entity of a kind: its fields by name, and its `slot`. */
  all(kind) { return this.#things.filter((thing) => thing.kind === kind); }

  /** One's own entity, which is in the slot of one's seat. */
  get own() { return this.#things.find(({ slot }) => slot === this.seat); }

  show(between) {
    this.#things = [...between.entries()].map(([slot, entity]) => ({ slot, ...this.#schema.named(entity) }));
    const { width, height } = this.#paper.size;
    const middle = (this.#size - 1) / 2;
    const scale = Math.min(width, height) / (this.#size + 1);
    const pen = this.#paper.begin(this.#tone.ground, scale, middle, middle);
    pen.fillStyle = this.#tone.card;
    pen.fillRect(-0.5, -0.5, this.#size, this.#size);
    pen.font = `${12 / scale}px system-ui, sans-serif`;
    pen.textAlign = "center";
    for (const thing of this.#things) this.#draw(pen, thing);
  }

  #draw(pen, { slot, kind, x, y }) {
    if (x === undefined || y === undefined) return;
    const tone = this.#tones[kind];
    pen.fillStyle = this.#tone[tone ?? (slot === this.seat ? "brand" : "standard")];
    pen.beginPath();
    pen.arc(x, y, 0.42, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = this.#tone.ink;
    if (!tone) pen.fillText(nameOf(this.#names, slot), x, y - 0.6);
  }
}
