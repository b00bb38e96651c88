// One's own avatar as the page plays it ahead, and how it is shown: without a jump where the page was wrong.

import { Prediction } from "./predict.js";
import { RING_TICKS } from "./states.js";

/** How quickly a mistake goes from the screen: half of it every 50 ms. */
const HALF_MS = 50;

/** Beyond this a mistake is not glided over, in units of the game: the avatar is somewhere else. */
const GLIDE_MAX = 300;

export class Own {
  #schema;
  #rules;
  #prediction = null;
  #generation = null;
  /** The newest inputs, for when the avatar comes while some are on their way. */
  #inputs = [];
  #error = { x: 0, y: 0 };
  #shownAt = 0;
  /** How many states of the server were compared with what the page had played, and how many of them differed. */
  compared = 0;
  corrected = 0;

  /** `rules` as a `Prediction` has them, and `of(values, before)`: the state that the server's entity is,
   * which has its `values` by name; `right(a, b)`: true if what was played was no mistake. */
  constructor(schema, rules) { [this.#schema, this.#rules] = [schema, rules]; }

  /** True while there is an avatar. */
  get lives() { return this.#prediction !== null; }

  /** Forgets everything: the match goes on from somewhere else. */
  reset() { [this.#prediction, this.#inputs, this.#error] = [null, [], { x: 0, y: 0 }]; }

  /** Plays the input of `tick`; the state after it, or null. */
  push(tick, input) {
    this.#inputs.push({ tick, input });
    if (this.#inputs.length > RING_TICKS) this.#inputs.shift();
    return this.#prediction?.advance(tick, input) ?? null;
  }

  /** The server's `entity` of one's avatar after `tick`; undefined if there is none. */
  heard(tick, entity) {
    if (!entity) { this.#prediction = null; return; }
    if (!this.#prediction || this.#generation !== entity.generation) {
      this.#generation = entity.generation;
      this.#error = { x: 0, y: 0 };
      this.#start(tick, this.#rules.of(this.#schema.named(entity), null));
      return;
    }
    const played = this.#prediction.at(tick);
    const before = this.#place(this.#prediction.tick);
    const truth = this.#rules.of(this.#schema.named(entity), played ?? this.#prediction.state);
    const what = this.#prediction.reconcile(tick, truth);
    if (what === "started") this.#start(tick, truth);
    else this.compared += 1;
    if (what === "corrected" && !this.#rules.right(played, truth)) this.corrected += 1;
    if (what !== "agreed") this.#glide(before, this.#place(this.#prediction.tick));
  }

  #start(tick, state) {
    this.#prediction = new Prediction(this.#rules, tick, state);
    for (const { tick: at, input } of this.#inputs) if (at > tick) this.#prediction.advance(at, input);
  }

  #place(tick) { return this.#prediction.at(tick) ?? this.#prediction.state; }

  #glide(before, after) {
    const [x, y] = [this.#error.x + before.x - after.x, this.#error.y + before.y - after.y];
    this.#error = Math.hypot(x, y) > GLIDE_MAX ? { x: 0, y: 0 } : { x, y };
  }

  /** Where it is shown `now` (in ms), when it is `time` for inputs (a tick and its part): between the states after
   * the last two inputs. Null if there is no avatar. */
  shown(now, time) {
    if (!this.#prediction) return null;
    const keep = 0.5 ** (Math.max(0, now - this.#shownAt) / HALF_MS);
    this.#shownAt = now;
    this.#error = { x: this.#error.x * keep, y: this.#error.y * keep };
    const { tick, state } = this.#prediction;
    const before = this.#prediction.at(tick - 1) ?? state;
    const part = Math.max(0, Math.min(1, time - tick));
    return { ...state, x: before.x + (state.x - before.x) * part + this.#error.x, y: before.y + (state.y - before.y) * part + this.#error.y };
  }
}
