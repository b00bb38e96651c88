// The quantised state of every entity at one tick.

/** By slot: `{ kind, generation, fields }`. Entities are never changed in place, so tables share them. */
export class Table {
  #entities = [];

  constructor(tick = 0) { this.tick = tick; }

  /** The entity in `slot`, or undefined. */
  get(slot) { return this.#entities[slot]; }

  put(slot, kind, generation, fields) { this.#entities[slot] = { kind, generation, fields }; }

  remove(slot) { delete this.#entities[slot]; }

  /** `[slot, entity]` of every entity, lowest first. */
  * entries() {
    for (let slot = 0; slot < this.#entities.length; slot += 1) {
      if (this.#entities[slot]) yield [slot, this.#entities[slot]];
    }
  }
}
