// A match as a film: the whole state of every tick, for whoever watches it later. `docs/wire.md` has the frames.
// The frames are kept as they came; a state is put together when it is asked for, from the last one before it
// that stands for itself.

import { BitReader, Malformed } from "./bits.js";
import * as delta from "./delta.js";
import { DELTA, GONE, NEW, readGap, readMark } from "./packet.js";
import { Table } from "./table.js";

const EVENTS_BITS = 10;
const TOLD_BITS = 11;

/** The longest frame that is believed, in bytes: 1,024 entities of 24 fields in full, and some events. */
const FRAME_BYTES_MAX = 256 * 1024;

export class Film {
  #schema;
  #waiting = new Uint8Array(0);
  /** The bytes of each frame, and the numbers of those that stand for themselves. */
  #frames = [];
  #keys = [];
  /** The number of the frame that is shown, and what it shows: `{ table, events }`. */
  #at = -1;
  #shown = null;

  constructor(schema) { this.#schema = schema; }

  /** How many whole frames are there. */
  get length() { return this.#frames.length; }

  /** What comes next does not follow on what came: what is left of a frame is dropped. */
  cut() { this.#waiting = new Uint8Array(0); }

  /** Takes in what a read brought; throws `Malformed` at a frame past the bound. */
  push(bytes) {
    const all = new Uint8Array(this.#waiting.length + bytes.length);
    all.set(this.#waiting);
    all.set(bytes, this.#waiting.length);
    const view = new DataView(all.buffer);
    let at = 0;
    while (all.length - at >= 4) {
      const length = view.getUint32(at, true);
      if (length > FRAME_BYTES_MAX || length === 0) throw new Malformed("long");
      if (all.length - at - 4 < length) break;
      const frame = all.slice(at + 4, at + 4 + length);
      if (frame[0] & 1) this.#keys.push(this.#frames.length);
      else if (this.#frames.length === 0) throw new Malformed("unknown");
      this.#frames.push(frame);
      at += 4 + length;
    }
    this.#waiting = all.slice(at);
  }

  /** Frame number `at`, from 0: `{ table, events }`. Quick for the one after the last that was asked for. */
  show(at) {
    if (at === this.#at) return this.#shown;
    const key = this.#keyBefore(at);
    if (this.#at < key || this.#at > at) this.#at = key - 1;
    while (this.#at < at) {
      this.#shown = this.#read(this.#frames[this.#at + 1], this.#shown?.table);
      this.#at += 1;
    }
    return this.#shown;
  }

  #keyBefore(at) {
    let [low, high] = [0, this.#keys.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle] <= at) low = middle;
      else high = middle;
    }
    return this.#keys[low];
  }

  #read(frame, before) {
    const reader = new BitReader(frame);
    const isKey = reader.flag();
    const table = new Table(isKey ? reader.read(32) : before.tick + 1);
    const events = this.#events(reader);
    if (!isKey) {
      for (const [slot, { kind, generation, fields }] of before.entries()) {
        table.put(slot, kind, generation, delta.carry(this.#schema.kinds[kind], fields, 1));
      }
    }
    this.#told(reader, table, isKey ? null : before);
    reader.finish();
    return { table, events };
  }

  #events(reader) {
    return Array.from({ length: reader.read(EVENTS_BITS) }, () => {
      const about = this.#schema.events[reader.read(this.#schema.eventBits)];
      if (!about) throw new Malformed("unknown");
      const read = delta.readWhole(reader, about.fields);
      return { kind: about.name, values: Object.fromEntries(about.fields.map((field, n) => [field.name, read[n]])) };
    });
  }

  #told(reader, table, before) {
    const count = reader.read(TOLD_BITS);
    let next = 0;
    for (let n = 0; n < count; n += 1) {
      const slot = next + readGap(reader);
      if (slot >= this.#schema.entitiesMax) throw new Malformed("unknown");
      const [mark] = readMark(reader);
      const was = before?.get(slot);
      if (mark === GONE) table.remove(slot);
      else if (mark === NEW) this.#new(reader, table, slot);
      else if (mark === DELTA && was) table.put(slot, was.kind, was.generation, delta.read(reader, this.#schema.kinds[was.kind], was.fields, 1));
      else throw new Malformed("unknown");
      next = slot + 1;
    }
  }

  #new(reader, table, slot) {
    const [kind, generation] = [reader.read(this.#schema.kindBits), reader.read(8)];
    const about = this.#schema.kinds[kind];
    if (!about) throw new Malformed("unknown");
    table.put(slot, kind, generation, delta.readWhole(reader, about.fields));
  }
}
