// One's own avatar, played ahead of the server: each input moves it at once. When the server's state of a tick
// comes it is compared with what was played for that tick; if the two differ, everything since is played again
// from the server's state.

import { RING_TICKS } from "./states.js";

/** For how many ticks a missing input is taken to be the one before it. */
const INPUT_HELD_TICKS = 3;

export class Prediction {
  #rules;
  /** What was played of the last 64 ticks: `{ tick, input, after }`. */
  #steps = new Array(RING_TICKS).fill(null);
  /** The newest input, and its tick. */
  #last = null;

  /** Starts from the `state` after `tick`. `rules` has `neutral`, `step(state, input, tick)` and `same(a, b)`. */
  constructor(rules, tick, state) {
    Object.assign(this, { tick, state });
    this.#rules = rules;
  }

  /** Plays `tick` with its input. Ticks without one in between are taken as the server takes them: the input
   * before them goes on for three ticks, then there is none. */
  advance(tick, input) {
    for (let missing = Math.max(this.tick, tick - RING_TICKS) + 1; missing < tick; missing += 1) {
      const held = this.#last && missing - this.#last.tick <= INPUT_HELD_TICKS;
      this.#step(missing, held ? this.#last.input : this.#rules.neutral);
    }
    if (tick > this.tick) {
      this.#step(tick, input);
      this.#last = { tick, input };
    }
    return this.state;
  }

  #step(tick, input) {
    const after = this.#rules.step(this.state, input, tick);
    [this.state, this.tick] = [after, tick];
    this.#steps[tick % RING_TICKS] = { tick, input, after };
  }

  /** What was played for `tick`, if it was. */
  at(tick) {
    const step = this.#steps[tick % RING_TICKS];
    return step?.tick === tick && tick <= this.tick ? step.after : null;
  }

  /** Takes in the server's `state` after `tick`: "agreed", "corrected" or "started". */
  reconcile(tick, state) {
    const played = this.at(tick);
    if (!played) {
      this.#steps.fill(null);
      [this.tick, this.state] = [tick, state];
      return "started";
    }
    if (this.#rules.same(played, state)) return "agreed";
    this.#steps[tick % RING_TICKS].after = state;
    this.state = state;
    for (let again = tick + 1; again <= this.tick; again += 1) {
      const step = this.#steps[again % RING_TICKS];
      if (step?.tick !== again) continue;
      this.state = this.#rules.step(this.state, step.input, again);
      step.after = this.state;
    }
    return "corrected";
  }
}
