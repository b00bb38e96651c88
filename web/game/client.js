// The player's end of a match's connection, without socket or clock: datagrams and times come in, datagrams go
// out. What the server's own client half does (`protocol`), the same way; times are in microseconds.

import { Malformed } from "./bits.js";
import { InputClock, ViewClock } from "./clock.js";
import { Inbox, readEvents } from "./events.js";
import { DEPTH_UNKNOWN, expand, HOLD_MAX_MS, INPUTS_REPEATED, NUMBER_BITS, readDownHead, whole, writeUp } from "./packet.js";
import { Loss, REORDERED_MAX, Smoothed, Window } from "./path.js";
import { RING_TICKS, States } from "./states.js";

/** How many datagrams are remembered until they are answered. */
const SENT_KEPT = 64;

/** By how many inputs a page that was slow to ask catches up; further back they would be late. */
const CATCH_UP = 1 + INPUTS_REPEATED;

/** The loss that is expected before any is known, of 1,000. */
const LOSS_EXPECTED = 50;

/** A datagram that is dropped, though it can be read. */
class Dropped extends Error {
  constructor(code) {
    super(`dropped: ${code}`);
    this.code = code;
  }
}

export class ClientPeer {
  #schema;
  #serverTick;
  #states;
  #newestAt;
  #inbox;
  /** The newest inputs, the newest first: `{ tick, input, view }`. */
  #inputs;
  #clock;
  #view;
  /** How many datagrams were sent, and when the last of them. */
  #sent = 0;
  #sentAt = [];
  /** The newest datagram that was answered. */
  #answered;
  #depth;
  #trip = new Smoothed();
  #lossUp = new Loss();
  /** The server's datagrams by their number. */
  #window;
  #counts = { received: 0, receivedBytes: 0, dropped: 0, resyncs: 0 };

  /** The end of a client whose match runs: `epoch` and `serverTick` are as the server said `now`. */
  constructor(schema, epoch, serverTick, now) {
    this.#schema = schema;
    this.restart(epoch, serverTick, now);
  }

  /** Starts anew in another epoch, from `tick`: states, events and inputs of the old one are void. */
  restart(epoch, tick, now) {
    this.epoch = epoch;
    this.#serverTick = tick;
    this.#states = new States(this.#schema);
    this.#newestAt = now;
    [this.#inbox, this.#inputs] = [new Inbox(), []];
    this.#clock = new InputClock(this.#schema.tickUs, now, tick);
    this.#view = new ViewClock(this.#schema.tickUs, now, tick);
    [this.#answered, this.#depth] = [null, null];
    this.#window = new Window();
  }

  /** Takes in a datagram: `{ tick, newest, complete, eventsLost }`, or null if it was dropped, which is counted. */
  receive(now, datagram) {
    try {
      const received = this.#take(now, datagram);
      this.#counts.received += 1;
      this.#counts.receivedBytes += datagram.length;
      return received;
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof Dropped)) throw error;
      this.#counts.dropped += 1;
      return null;
    }
  }

  #take(now, datagram) {
    const reader = whole(datagram);
    const head = readDownHead(reader);
    if (head.epoch !== this.epoch) throw new Dropped("epoch");
    const before = this.#states.newest;
    const tick = expand(before ?? this.#serverTick, head.tick);
    if (tick === null) throw new Malformed("unknown");
    if ((before ?? 0) - tick >= RING_TICKS || this.#states.get(tick)) throw new Dropped("replayed");
    const answered = head.ack ? this.#answeredBy(head.ack) : null;
    const events = head.events ? readEvents(reader, this.#schema, tick) : [];
    const complete = this.#states.take(reader, tick, head.baselineAge);
    // From here on it is whole.
    const kept = events.map((event) => this.#inbox.push(event, head.resync));
    const eventsLost = kept.includes(false);
    if (eventsLost) this.#counts.resyncs += 1;
    const newest = before === null || before < tick;
    this.#count(head.number, newest);
    if (newest) {
      this.#newestAt = now;
      this.#view.sample(now, tick, before);
    }
    if (answered !== null) this.#takeAnswer(now, answered, head.ack);
    return { tick, newest, complete, eventsLost };
  }

  /** The datagram that is answered, if that is news. */
  #answeredBy(ack) {
    const number = this.#sent > 0 ? expand(this.#sent - 1, ack.seq) : null;
    if (number === null || number > this.#sent - 1) throw new Malformed("never_sent");
    return this.#answered === null || this.#answered < number ? number : null;
  }

  /** Counts datagram `low` (the lowest bits of its number) among those that came. */
  #count(low, newest) {
    const last = this.#window.newest ?? 0x10000;
    const mask = 2 ** NUMBER_BITS - 1;
    const number = newest ? last + 1 + ((low - last - 1) & mask) : last - ((last - low) & mask);
    if (this.#window.isNew(number)) this.#window.add(number);
  }

  #takeAnswer(now, number, ack) {
    if (ack.holdMs < HOLD_MAX_MS && this.#sent - number <= SENT_KEPT) {
      this.#trip.add(Math.max(0, now - this.#sentAt[number % SENT_KEPT] - ack.holdMs * 1000));
    }
    const from = this.#answered === null ? number : this.#answered + 1;
    // Those are judged that are just beyond the reach of reordering, as far as the bits reach.
    for (let next = Math.max(from, number - 8, REORDERED_MAX); next <= number; next += 1) {
      const ago = number - (next - REORDERED_MAX);
      this.#lossUp.add(((ack.bits >> (ago - 1)) & 1) === 0);
    }
    this.#answered = number;
    if (ack.depth !== DEPTH_UNKNOWN) {
      this.#depth = ack.depth;
      this.#clock.sample(now, number, this.#sent - 1, ack.depth, this.#lossUpPermille);
    }
  }

  /** The loss on the way to the server; what is expected, until there is a measure. */
  get #lossUpPermille() { return this.#lossUp.count < 64 ? LOSS_EXPECTED : this.#lossUp.permille; }

  /** The newest state. Where a datagram had no room for an entity, it is here as it was last known. */
  get world() { return this.#states.world; }

  /** The state of `tick`, if it came and is among the last 64. */
  state(tick) { return this.#states.get(tick); }

  /** The moment that is to be shown `now`, `{ tick, frac }`: so far behind the newest state that there are two to
   * mix, and never after it. */
  view(now) {
    const parts = Math.min(this.#view.read(now), (this.#states.newest ?? 0) * 256);
    return { tick: Math.floor(parts / 256), frac: parts % 256 };
  }

  /** The states around a moment: see `States.between`. */
  between(view) { return this.#states.between(view); }

  /** The next event, in the order of ticks, of `until` or before; null if there is none. */
  nextEvent(until) { return this.#inbox.next(until); }

  /** The tick that it is for inputs, with its part. */
  inputTime(now) { return this.#clock.read(now); }

  /** The tick whose input is to be given now; null if none is. */
  inputDue(now) {
    const due = Math.max(0, Math.floor(this.#clock.read(now)));
    const last = this.#inputs[0]?.tick;
    if (last === undefined) return due > 0 ? due : null;
    if (due <= last) return null;
    return due - last <= CATCH_UP ? last + 1 : due;
  }

  /** Gives the input of `tick` (`Schema.packInput`), later than all before, chosen while `view` was shown. */
  pushInput(tick, input, view) {
    if (tick <= this.#inputs[0]?.tick) return;
    this.#inputs.unshift({ tick, input, view });
    this.#inputs.length = Math.min(this.#inputs.length, 1 + INPUTS_REPEATED);
  }

  /** The next datagram: the newest inputs, and what was received. */
  encode(now) {
    const { newest, bits } = this.#states;
    const holdMs = Math.min(HOLD_MAX_MS, Math.floor(Math.max(0, now - this.#newestAt) / 1000));
    const ack = newest === null ? null : { tick: newest & 0xffff, bits, holdMs };
    const bytes = writeUp(this.#schema, { epoch: this.epoch, seq: this.#sent & 0xffff, ack, inputs: this.#upInputs() });
    this.#sentAt[this.#sent % SENT_KEPT] = now;
    this.#sent += 1;
    return bytes;
  }

  #upInputs() {
    const [first] = this.#inputs;
    if (!first) return null;
    const { tick, view } = first;
    const further = this.#inputs.findIndex((one, ago) => one.tick !== tick - ago);
    const inputs = this.#inputs.slice(0, further < 0 ? undefined : further).map((one) => one.input);
    return { tick: tick & 0xffff, viewTick: view.tick & 0xffff, viewFrac: view.frac, inputs };
  }

  /** What is known about the connection. */
  get figures() {
    return {
      rttUs: this.#trip.mean,
      jitterUs: this.#view.jitterUs,
      lossDownPermille: this.#window.loss.permille,
      lossUpPermille: this.#lossUp.permille,
      depth: this.#depth === null ? null : this.#depth / 4,
      depthWanted: this.#clock.wanted(this.#lossUpPermille) / 4,
      shownBehindTicks: this.#view.delay,
      snaps: this.#clock.snaps,
      sent: this.#sent,
      ...this.#counts,
    };
  }
}
