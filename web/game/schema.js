// What a game's entities, inputs and events consist of, to the bit, as the server says it in JSON. What is
// computed here is computed by the server the same way: a value may never differ by one.

const bitsFor = (count) => (count <= 1 ? 0 : 32 - Math.clz32(count - 1));

/** One number of an entity, an input or an event. */
export class Field {
  constructor({ name, bits, signed, wraps, small_bits: smallBits, carried }) {
    Object.assign(this, { name, bits, signed, wraps, smallBits });
    this.carried = carried ? { by: carried.by, shift: carried.shift } : null;
    this.size = 2 ** bits;
    this.min = signed ? -(this.size / 2) : 0;
    this.max = this.min + this.size - 1;
  }

  /** `value` modulo the field's bits. */
  wrap(value) {
    const rest = (((value - this.min) % this.size) + this.size) % this.size;
    return rest + this.min;
  }

  /** `value`, a whole number below 2^53, as the field can hold it: modulo its bits if it wraps, else the nearest. */
  fit(value) {
    return this.wraps ? this.wrap(value) : Math.min(this.max, Math.max(this.min, value));
  }

  /** The value `part` / 256 of the way from `from` to `to`: the short way round if the field wraps. */
  between(from, to, part) {
    return this.wrap(from + Math.floor((this.way(from, to) * part) / 256));
  }

  /** How far it is from `from` to `to`. */
  way(from, to) {
    if (!this.wraps) return to - from;
    const half = this.size / 2;
    return ((((to - from + half) % this.size) + this.size) % this.size) - half;
  }

  /** The bits of `value`, which fits. */
  raw(value) { return value < 0 ? value + this.size : value; }

  /** The value of these bits. */
  ofRaw(raw) { return this.signed && raw >= this.size / 2 ? raw - this.size : raw; }
}

const fields = (list) => list.map((field) => new Field(field));

export class Schema {
  /** `json` as the server gives it: see `docs/games.md`. */
  constructor(json) {
    Object.assign(this, { name: json.name, tickHz: json.tick_hz, entitiesMax: json.entities_max });
    this.kinds = json.kinds.map((kind) => {
      const groups = kind.groups.map(fields);
      return { name: kind.name, groups, fields: groups.flat() };
    });
    this.input = fields(json.input);
    this.events = json.events.map((event) => ({ name: event.name, fields: fields(event.fields) }));
    this.tickUs = Math.floor(1_000_000 / this.tickHz);
    this.kindBits = bitsFor(this.kinds.length);
    this.eventBits = bitsFor(this.events.length);
    this.hash = hashOf(json);
  }

  /** An entity of a table as `{ kind, … }` with its kind and its fields by name. */
  named({ kind, fields }) {
    const about = this.kinds[kind];
    const values = { kind: about.name };
    about.fields.forEach((field, n) => { values[field.name] = fields[n]; });
    return values;
  }

  /** An input of `values` by name, as the bits of each field; what is left out is 0. */
  packInput(values) {
    return this.input.map((field) => field.raw(field.fit(values[field.name] ?? 0)));
  }

  /** The values of an input by name. */
  unpackInput(packed) {
    return Object.fromEntries(this.input.map((field, n) => [field.name, field.ofRaw(packed[n])]));
  }

  /** To do nothing. */
  get neutral() { return this.input.map(() => 0); }
}

/** FNV-1a (32 bits) of all that is in a schema: both ends compare it before they speak. */
function hashOf(json) {
  let hash = 0x811c9dc5;
  const bytes = (list) => { for (const byte of list) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0; };
  const text = (name) => bytes([...new TextEncoder().encode(name), 0]);
  const u16 = (n) => bytes([n & 0xff, n >> 8]);
  const all = (list) => {
    bytes([list.length]);
    for (const { name, bits, signed, wraps, small_bits: small, carried } of list) {
      text(name);
      bytes([bits, signed ? 1 : 0, wraps ? 1 : 0, small, carried ? carried.by : 0xff, carried ? carried.shift : 0]);
    }
  };
  text(json.name);
  u16(json.tick_hz);
  u16(json.entities_max);
  bytes([json.kinds.length]);
  for (const kind of json.kinds) {
    text(kind.name);
    bytes([kind.groups.length]);
    kind.groups.forEach(all);
  }
  all(json.input);
  bytes([json.events.length]);
  for (const event of json.events) {
    text(event.name);
    all(event.fields);
  }
  return hash;
}
