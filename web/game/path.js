// What the path between the two ends is like: round trip, jitter, loss.

import { expand } from "./packet.js";

/** A smoothed whole number and its mean deviation, nearly as TCP has them (RFC 6298). */
export class Smoothed {
  mean = 0;
  deviation = 0;
  any = false;

  add(sample) {
    if (this.any) {
      this.deviation += Math.trunc((Math.abs(sample - this.mean) - this.deviation) / 4);
      this.mean += Math.trunc((sample - this.mean) / 8);
    } else {
      [this.mean, this.any] = [sample, true];
    }
  }

  /** Takes every sample so far to have been about `mean`. */
  settle(mean, deviation) { [this.mean, this.deviation, this.any] = [mean, deviation, true]; }
}

/** How many datagrams a loss is counted over. */
const KEPT = 128;

/** Which of the last 128 datagrams were lost. */
export class Loss {
  #kept = [];
  #lost = 0;

  add(lost) {
    this.#kept.push(lost);
    this.#lost += lost ? 1 : 0;
    if (this.#kept.length > KEPT && this.#kept.shift()) this.#lost -= 1;
  }

  get count() { return this.#kept.length; }

  /** How many were lost, of 1,000. */
  get permille() { return Math.floor((this.#lost * 1000) / Math.max(1, this.count)); }
}

/** How many newer ones must have come before one is taken to be lost: more than any path reorders. */
export const REORDERED_MAX = 8;

/** How many numbers a window reaches back. */
const WINDOW = 64;

/** Which of the last 64 numbered datagrams came. */
export class Window {
  #came = new Set();
  #first = null;
  newest = null;
  loss = new Loss();

  /** The number nearest to the newest with these low bits; the first is far from 0. */
  number(low) { return expand(this.newest ?? 0x10000 + low, low); }

  isNew(number) {
    return this.newest === null || number > this.newest || (this.newest - number < WINDOW && !this.#came.has(number));
  }

  /** Takes in a number that is new. */
  add(number) {
    if (this.newest === null) [this.newest, this.#first] = [number, number];
    const until = Math.min(number, this.newest + WINDOW);
    for (let next = this.newest + 1; next <= until; next += 1) {
      const judged = next - REORDERED_MAX;
      if (judged >= this.#first) this.loss.add(!this.#came.has(judged));
      this.#came.delete(next - WINDOW);
    }
    this.newest = Math.max(this.newest, number);
    this.#came.add(number);
  }
}
