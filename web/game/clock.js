// The page's clocks: which tick to give an input for, and which moment to show. Neither jumps while it can help
// it. A clock that is off runs up to 5 % faster or slower until it is right; one that is off by more than ten
// ticks is set. Times are whole microseconds, clocks whole parts of a tick: what the server's own client reckons,
// to the last digit.

import { Smoothed } from "./path.js";

/** The unit of a clock: so many to a tick. */
const UNIT = 65_536;

/** A quarter of a tick, in which the server says depths. */
const QUARTER = UNIT / 4;

/** Off by more than this, a clock is set. */
const SNAP = 10 * UNIT;

/** So many samples in a row must say so: one that was held up says nothing. */
const FAR_OFF_MAX = 3;

/** How much faster or slower a clock runs for each tick that it is off, and at most, of 1,000. */
const PERMILLE_PER_TICK = 25;
const PERMILLE_MAX = 50;

/** How far ahead of the newest closed tick an input may be. */
const INPUT_AHEAD_MAX = 16;

class Clock {
  #tickUs;
  #at;
  #value;
  #permille = 0;
  /** How many samples in a row said that it is off by more than `SNAP`. */
  #farOff = 0;

  constructor(tickUs, now, value) { [this.#tickUs, this.#at, this.#value] = [tickUs, now, value]; }

  read(now) {
    const passed = Math.trunc((Math.max(0, now - this.#at) * (1000 + this.#permille)) / 1000);
    return this.#value + Math.trunc((passed * UNIT) / this.#tickUs);
  }

  /** Corrects the clock, which `lag` says it should be further on by; `smooth` says the same over some time, and
   * null that this is the first sample. True if it was set. */
  correct(now, lag, smooth) {
    this.#value = this.read(now);
    this.#at = Math.max(this.#at, now);
    this.#farOff = Math.abs(lag) > SNAP ? this.#farOff + 1 : 0;
    if (smooth !== null && this.#farOff < FAR_OFF_MAX) {
      const permille = Math.trunc((smooth * PERMILLE_PER_TICK) / UNIT);
      this.#permille = Math.max(-PERMILLE_MAX, Math.min(PERMILLE_MAX, permille));
      return false;
    }
    this.#value += lag;
    [this.#permille, this.#farOff] = [0, 0];
    return true;
  }
}

/** The input's clock: so far ahead of the server that inputs come in before their tick closes, by one tick and
 * four times their jitter, and by more where datagrams are lost, so that the repeats come in time too. */
export class InputClock {
  #clock;
  #depth = new Smoothed();
  /** What was sent at or before this number says nothing: the clock was set after it. */
  #setAt = -1;
  /** How often it was set. */
  snaps = 0;

  /** A clock that guesses a round trip of 100 ms. */
  constructor(tickUs, now, serverTick) {
    this.#clock = new Clock(tickUs, now, serverTick * UNIT + Math.trunc((100_000 * UNIT) / tickUs) + 2 * UNIT);
  }

  /** The tick that it is for inputs, with its part. */
  read(now) { return this.#clock.read(now) / UNIT; }

  /** How deep inputs should arrive, in quarter ticks, at this loss of 1,000. */
  wanted(lossPermille) {
    const repeats = lossPermille < 10 ? 0 : lossPermille < 120 ? 2 : 3;
    return Math.min((1 + repeats) * 4 + Math.trunc((4 * this.#depth.deviation) / QUARTER), INPUT_AHEAD_MAX * 3);
  }

  /** Takes in how deep, in quarter ticks, the newest input of datagram `number` arrived; `sent` is the newest. */
  sample(now, number, sent, quarters, lossPermille) {
    if (number <= this.#setAt) return;
    const depth = quarters * QUARTER;
    const first = !this.#depth.any;
    if (first || Math.abs(this.wanted(lossPermille) * QUARTER - depth) <= SNAP) this.#depth.add(depth);
    const wanted = this.wanted(lossPermille) * QUARTER;
    if (!this.#clock.correct(now, wanted - depth, first ? null : wanted - this.#depth.mean)) return;
    this.#depth.settle(wanted, QUARTER);
    this.#setAt = sent;
    if (!first) this.snaps += 1;
  }
}

/** The clock of what is shown: behind the newest state by two states and their jitter, so that there nearly
 * always is one after it. */
export class ViewClock {
  #clock;
  #tickUs;
  /** How far the newest state is ahead of the clock when it comes. */
  #lead = new Smoothed();
  /** How many ticks are between states. */
  #step = new Smoothed();

  constructor(tickUs, now, serverTick) { [this.#clock, this.#tickUs] = [new Clock(tickUs, now, serverTick * UNIT), tickUs]; }

  /** Takes in that the state of `tick` came, the newest; the one before it was `before`, or null. */
  sample(now, tick, before) {
    if (before !== null) this.#step.add((tick - before) * UNIT);
    const lead = tick * UNIT - this.#clock.read(now);
    const first = !this.#lead.any;
    if (first || Math.abs(lead - this.#delay) <= SNAP) this.#lead.add(lead);
    const delay = this.#delay;
    if (this.#clock.correct(now, lead - delay, first ? null : this.#lead.mean - delay)) this.#lead.settle(delay, QUARTER);
  }

  get #delay() { return 2 * Math.max(UNIT, this.#step.mean) + 2 * this.#lead.deviation; }

  /** How many ticks what is shown should be behind the newest state. */
  get delay() { return this.#delay / UNIT; }

  /** How much the lead of states changes, in microseconds. */
  get jitterUs() { return Math.trunc((this.#lead.deviation * this.#tickUs) / UNIT); }

  /** The moment to show, in 256ths of a tick. */
  read(now) { return Math.max(0, Math.trunc(this.#clock.read(now) / (UNIT / 256))); }
}
