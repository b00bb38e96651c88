// What a player does, by keyboard, mouse or touch: which way to go, where to look, whether to fire.

import { TURN, WAYS } from "./arena.js";

/** How quickly the keys turn the aim, in parts of a turn a second: half a turn. */
const TURN_PER_S = TURN / 2;

/** How far a finger is moved before it says a way, in pixels. */
const DEAD_PX = 10;

const KEYS = {
  ArrowUp: "up", KeyW: "up", ArrowDown: "down", KeyS: "down", ArrowLeft: "left", KeyA: "left", ArrowRight: "right", KeyD: "right",
  KeyQ: "back", KeyE: "on", Space: "fire", Enter: "fire",
};

const angleOf = (x, y) => ((Math.round((Math.atan2(y, x) * TURN) / (2 * Math.PI)) % TURN) + TURN) % TURN;
/** The nearest of the sixteen ways, from 1. */
const wayOf = (x, y) => (Math.round((angleOf(x, y) * WAYS) / TURN) % WAYS) + 1;

export class Controls {
  #held = new Set();
  #aim = 0;
  #at = performance.now();
  /** Where the mouse is, from the middle of the picture; null while it is not used. */
  #mouse = null;
  #shoots = false;
  #sticks = { go: null, aim: null };

  /** Listens at `picture` (the canvas) and at the two pads for thumbs. */
  constructor(picture, goPad, aimPad) {
    picture.addEventListener("keydown", (event) => this.#key(event, true));
    picture.addEventListener("keyup", (event) => this.#key(event, false));
    picture.addEventListener("blur", () => this.release());
    picture.addEventListener("contextmenu", (event) => event.preventDefault());
    picture.addEventListener("pointermove", (event) => this.#point(picture, event));
    picture.addEventListener("pointerdown", (event) => this.#press(picture, event));
    picture.addEventListener("pointerup", () => { this.#shoots = false; });
    picture.addEventListener("pointercancel", () => { this.#shoots = false; });
    this.#stick(goPad, "go");
    this.#stick(aimPad, "aim");
  }

  /** Lets go of everything. */
  release() {
    this.#held.clear();
    this.#shoots = false;
    this.#sticks = { go: null, aim: null };
  }

  #key(event, down) {
    const does = KEYS[event.code];
    if (!does || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#turn();
    if (down) this.#held.add(does);
    else this.#held.delete(does);
    if (does === "back" || does === "on") this.#mouse = null;
  }

  #point(picture, event) {
    if (event.pointerType === "touch") return;
    const box = picture.getBoundingClientRect();
    this.#mouse = { x: event.clientX - box.x - box.width / 2, y: event.clientY - box.y - box.height / 2 };
  }

  #press(picture, event) {
    picture.focus({ preventScroll: true });
    if (event.pointerType === "touch" || event.button !== 0) return;
    picture.setPointerCapture(event.pointerId);
    this.#point(picture, event);
    this.#shoots = true;
  }

  #stick(pad, which) {
    let from = null;
    const move = (event) => {
      if (event.pointerId !== from?.id) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      this.#sticks[which] = Math.hypot(x, y) < DEAD_PX ? null : { x, y };
    };
    const end = (event) => { if (event.pointerId === from?.id) [from, this.#sticks[which]] = [null, null]; };
    pad.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      pad.setPointerCapture(event.pointerId);
      const box = pad.getBoundingClientRect();
      from = { id: event.pointerId, x: box.x + box.width / 2, y: box.y + box.height / 2 };
      this.#mouse = null;
      move(event);
    });
    pad.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, end);
  }

  /** Turns the aim by what the keys for it were held since it was asked last. */
  #turn() {
    const now = performance.now();
    const by = ((now - this.#at) / 1000) * TURN_PER_S;
    this.#at = now;
    const way = (this.#held.has("on") ? 1 : 0) - (this.#held.has("back") ? 1 : 0);
    this.#aim = (this.#aim + way * Math.min(by, TURN / 4) + TURN) % TURN;
  }

  #walks() {
    const { go } = this.#sticks;
    if (go) return go;
    const on = (name) => (this.#held.has(name) ? 1 : 0);
    const [x, y] = [on("right") - on("left"), on("down") - on("up")];
    return x || y ? { x, y } : null;
  }

  /** What the player does now: `{ go, aim, fire }`, as the arena's input has it. Who aims by none of keys, mouse
   * and thumb looks where they go. */
  action() {
    this.#turn();
    const walks = this.#walks();
    const { aim } = this.#sticks;
    const turns = this.#held.has("on") || this.#held.has("back");
    if (aim) this.#aim = angleOf(aim.x, aim.y);
    else if (this.#mouse) this.#aim = angleOf(this.#mouse.x, this.#mouse.y);
    else if (walks && !turns && !this.#held.has("fire")) this.#aim = angleOf(walks.x, walks.y);
    return {
      go: walks ? wayOf(walks.x, walks.y) : 0,
      aim: Math.floor(this.#aim) % TURN,
      fire: this.#shoots || this.#held.has("fire") || aim !== null ? 1 : 0,
    };
  }
}
