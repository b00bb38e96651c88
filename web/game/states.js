// The states that came, each put together from an earlier one and what a datagram said.

import { Malformed } from "./bits.js";
import * as delta from "./delta.js";
import { COUNT_BITS, DELTA, NEW, OWN_DELTA, readGap, readMark, UNTOLD } from "./packet.js";
import { Table } from "./table.js";

/** How many ticks are kept to delta-code against, on both ends. */
export const RING_TICKS = 64;

const EMPTY = new Table();

/** The states of the last 64 ticks that came. A state is `{ table, known }`: `known(slot)` tells
 * whether it is right about a slot; in the others it is a guess, and no baseline. */
export class States {
  #schema;
  #ring = new Array(RING_TICKS).fill(null);
  /** The newest tick; null before any came. */
  newest = null;

  constructor(schema) { this.#schema = schema; }

  /** The newest state; an empty one before any came. */
  get world() { return this.newest === null ? EMPTY : this.get(this.newest); }

  /** The state of `tick`, if it came and is still here. */
  get(tick) { return this.#state(tick)?.table; }

  #state(tick) {
    const state = this.#ring[tick % RING_TICKS];
    return tick >= 0 && state?.table.tick === tick ? state : undefined;
  }

  /** Which of the 32 ticks before the newest came, the one before it in the lowest bit. */
  get bits() {
    let bits = 0;
    for (let ago = 0; ago < 32; ago += 1) if (this.newest !== null && this.get(this.newest - ago - 1)) bits |= 1 << ago;
    return bits >>> 0;
  }

  /** The tick that came last before `tick`, or null. */
  #before(tick) {
    const oldest = Math.max(0, this.newest - RING_TICKS + 1);
    for (let at = Math.min(tick - 1, this.newest); this.newest !== null && at >= oldest; at -= 1) if (this.get(at)) return at;
    return null;
  }

  #after(tick) {
    const oldest = Math.max(0, this.newest - RING_TICKS + 1);
    for (let at = Math.max(oldest, tick + 1); this.newest !== null && at <= this.newest; at += 1) if (this.get(at)) return at;
    return null;
  }

  /** The states around `view` (`{ tick, frac }`): `{ older, newer, part }`, with `part` in 256ths; null if none came. */
  between(view) {
    const after = this.#after(view.tick);
    const older = this.#before(view.tick + 1) ?? after;
    if (older === null) return null;
    const newer = after ?? older;
    const passed = Math.max(0, view.tick * 256 + view.frac - older * 256);
    const part = newer === older ? 0 : Math.min(255, Math.floor(passed / (newer - older)));
    return new Between(this.#schema, this.get(older), this.get(newer), part);
  }

  /** Reads the entities of a datagram of `tick`, which did not come yet, against the state `age` ticks before it
   * (0: none), to the datagram's end. What cannot be read leaves no trace. True if there was room for every entity. */
  take(reader, tick, age) {
    const partial = reader.flag();
    const table = new Table(tick);
    const { told, untold } = this.#readTold(reader, table, age);
    reader.finish();
    const known = (slot) => (partial ? told.has(slot) : !untold.has(slot));
    if (!partial) this.#fill(table, age, (slot) => !told.has(slot) && !untold.has(slot));
    this.#guess(table, (slot) => !known(slot));
    const complete = !partial && untold.size === 0;
    this.#ring[tick % RING_TICKS] = { table, known: complete ? () => true : known };
    this.newest = Math.max(this.newest ?? tick, tick);
    return complete;
  }

  #readTold(reader, table, age) {
    const count = reader.read(COUNT_BITS);
    const [told, untold] = [new Set(), new Set()];
    let next = 0;
    for (let n = 0; n < count; n += 1) {
      const slot = next + readGap(reader);
      if (slot >= this.#schema.entitiesMax) throw new Malformed("unknown");
      const [mark, own] = readMark(reader);
      if (mark === NEW) this.#readNew(reader, table, slot);
      else if (mark === DELTA || mark === OWN_DELTA) this.#readDelta(reader, table, slot, mark === OWN_DELTA ? own : age);
      (mark === UNTOLD ? untold : told).add(slot);
      next = slot + 1;
    }
    return { told, untold };
  }

  #readNew(reader, table, slot) {
    const kind = reader.read(this.#schema.kindBits);
    const generation = reader.read(8);
    const about = this.#schema.kinds[kind];
    if (!about) throw new Malformed("unknown");
    table.put(slot, kind, generation, delta.readWhole(reader, about.fields));
  }

  #readDelta(reader, table, slot, age) {
    const { table: base, known } = this.#base(table.tick, age);
    const entity = known(slot) ? base.get(slot) : undefined;
    if (!entity) throw new Malformed("unknown");
    const { kind, generation, fields } = entity;
    table.put(slot, kind, generation, delta.read(reader, this.#schema.kinds[kind], fields, age));
  }

  #base(tick, age) {
    const base = age > 0 ? this.#state(tick - age) : undefined;
    if (!base) throw new Malformed("unknown");
    return base;
  }

  /** Fills in what was not mentioned: it is as was to be expected. */
  #fill(table, age, rest) {
    const base = age > 0 ? this.#base(table.tick, age) : null;
    for (const [slot, entity] of base?.table.entries() ?? []) {
      if (rest(slot) && base.known(slot)) this.#carry(table, base.table, slot, entity);
    }
  }

  /** Puts in what is not known: where it would be from what was there last. */
  #guess(table, unknown) {
    const last = this.#before(table.tick);
    for (const [slot, entity] of last === null ? [] : this.get(last).entries()) {
      if (unknown(slot)) this.#carry(table, this.get(last), slot, entity);
    }
  }

  #carry(table, base, slot, { kind, generation, fields }) {
    table.put(slot, kind, generation, delta.carry(this.#schema.kinds[kind], fields, table.tick - base.tick));
  }
}

/** The two states around a moment that is shown. */
export class Between {
  constructor(schema, older, newer, part) { Object.assign(this, { schema, older, newer, part }); }

  /** The entity in `slot` at that moment, as in a table; undefined if there is none before it. What is not there
   * after it, or is another entity, stands still. */
  get(slot) {
    const older = this.older.get(slot);
    if (!older) return undefined;
    const newer = this.newer.get(slot);
    if (newer?.kind !== older.kind || newer.generation !== older.generation) return older;
    const { fields } = this.schema.kinds[older.kind];
    return { ...older, fields: fields.map((field, n) => field.between(older.fields[n], newer.fields[n], this.part)) };
  }

  /** `[slot, entity]` of every entity, lowest first. */
  * entries() { for (const [slot] of this.older.entries()) yield [slot, this.get(slot)]; }
}
