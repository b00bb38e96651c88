// What happened at a tick: told exactly once, in order, within the datagrams.

import { Malformed } from "./bits.js";
import { readWhole } from "./delta.js";
import { readGap } from "./packet.js";

/** How many events may wait to be taken; past it only what comes from then on is found. */
export const EVENTS_WAITING_MAX = 256;

/** The events of a datagram of `tick`: `{ number, tick, kind, values }` each, `number` with 16 bits, `kind` and
 * `values` by name. */
export function readEvents(reader, schema, tick) {
  const count = reader.read(6);
  const first = reader.read(16);
  const events = [];
  let before = null;
  for (let n = 0; n < count; n += 1) {
    const gap = readGap(reader);
    const at = before === null ? tick - gap : before + gap;
    if (at < 0 || at > tick) throw new Malformed("unknown");
    const about = schema.events[reader.read(schema.eventBits)];
    if (!about) throw new Malformed("unknown");
    const read = readWhole(reader, about.fields);
    const values = Object.fromEntries(about.fields.map((field, at) => [field.name, read[at]]));
    events.push({ number: (first + n) & 0xffff, tick: at, kind: about.name, values });
    before = at;
  }
  return events;
}

/** The events that came and were not taken yet. */
export class Inbox {
  #waiting = [];
  /** The number that the next one has. */
  #next = 0;

  /** Takes in an event: the next one, or one that is here already. One further on is taken only if those before
   * it were `givenUp`. False if events were lost. */
  push(event, givenUp) {
    const further = ((event.number - this.#next) << 16) >> 16;
    if (further < 0 || (further > 0 && !givenUp)) return true;
    const full = this.#waiting.length === EVENTS_WAITING_MAX;
    if (further > 0 || full) this.#waiting = [];
    this.#waiting.push(event);
    this.#next = (event.number + 1) & 0xffff;
    return further === 0 && !full;
  }

  /** Takes the oldest out, if it is of `until` or before. */
  next(until) { return this.#waiting[0]?.tick <= until ? this.#waiting.shift() : null; }
}
