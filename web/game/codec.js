// The byte codec of control messages (bincode 2, standard): little-endian, integers of variable length, no
// self-description. A shape is `{ write(out, value), read(from) }`; shapes are put together below.

import { Malformed } from "./bits.js";

/** The most bytes of one message: what the server allows. */
export const CONTROL_BYTES_MAX = 16 * 1024;

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });

class Source {
  #bytes;
  #view;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left() { return this.#bytes.length - this.#at; }

  take(count) {
    if (this.left < count) throw new Malformed("short");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** A number of `size` bytes, as a BigInt if it has eight. */
  fixed(size) {
    const at = this.#at;
    this.take(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    return size === 4 ? this.#view.getUint32(at, true) : this.#view.getBigUint64(at, true);
  }
}

const MARKS = new Map([[251, 2], [252, 4], [253, 8]]);

function readVar(from, most) {
  const first = from.fixed(1);
  if (first < 251) return first;
  const size = MARKS.get(first);
  const value = size && size <= most ? Number(from.fixed(size)) : NaN;
  if (!Number.isSafeInteger(value)) throw new Malformed("integer");
  return value;
}

function writeVar(out, value) {
  if (value < 251) { out.push(value); return; }
  const [mark, size] = value < 2 ** 16 ? [251, 2] : value < 2 ** 32 ? [252, 4] : [253, 8];
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, BigInt(value), true);
  out.push(mark, ...new Uint8Array(bytes.buffer, 0, size));
}

const unsigned = (size) => ({
  write: writeVar,
  read(from) {
    const value = readVar(from, size);
    if (value >= 2 ** (8 * size)) throw new Malformed("integer");
    return value;
  },
});

export const u8 = { write: (out, value) => out.push(value), read: (from) => from.fixed(1) };
export const u16 = unsigned(2);
export const u32 = unsigned(4);

/** Zigzag: the sign in the lowest bit. Values beyond 2^52 do not occur and are refused. */
export const i64 = {
  write: (out, value) => writeVar(out, value < 0 ? -2 * value - 1 : 2 * value),
  read(from) {
    const raw = readVar(from, 8);
    return raw % 2 ? -(raw + 1) / 2 : raw / 2;
  },
};

export const bool = {
  write: (out, value) => out.push(value ? 1 : 0),
  read(from) {
    const byte = from.fixed(1);
    if (byte > 1) throw new Malformed("bool");
    return byte === 1;
  },
};

export const string = {
  write(out, value) {
    const bytes = utf8.encode(value);
    writeVar(out, bytes.length);
    out.push(...bytes);
  },
  read(from) {
    const bytes = from.take(readVar(from, 8));
    try { return text.decode(bytes); } catch { throw new Malformed("text"); }
  },
};

/** Bytes, as they are. */
export const raw = {
  write(out, value) {
    writeVar(out, value.length);
    for (const byte of value) out.push(byte);
  },
  read: (from) => from.take(readVar(from, 8)),
};

/** A value or null. */
export const option = (shape) => ({
  write(out, value) {
    bool.write(out, value !== null);
    if (value !== null) shape.write(out, value);
  },
  read: (from) => (bool.read(from) ? shape.read(from) : null),
});

export const list = (shape) => ({
  write(out, values) {
    writeVar(out, values.length);
    for (const value of values) shape.write(out, value);
  },
  read(from) {
    const length = readVar(from, 8);
    // Every item has a byte at least: a length that is not there claims no memory.
    if (length > from.left) throw new Malformed("short");
    return Array.from({ length }, () => shape.read(from));
  },
});

/** Parts by name, one after the other. */
export const struct = (parts) => ({
  write(out, value) { for (const [name, shape] of Object.entries(parts)) shape.write(out, value[name]); },
  read: (from) => Object.fromEntries(Object.entries(parts).map(([name, shape]) => [name, shape.read(from)])),
});

/** No parts at all. */
export const nothing = struct({});

/** One of several: `{ is: name, ...parts }`; a variant whose shape is no struct has its value in `value`. */
export function choice(variants) {
  const names = Object.keys(variants);
  return {
    write(out, value) {
      const shape = variants[value.is];
      writeVar(out, names.indexOf(value.is));
      shape.write(out, shape.bare ? value.value : value);
    },
    read(from) {
      const is = names[readVar(from, 4)];
      if (!is) throw new Malformed("unknown");
      const shape = variants[is];
      const read = shape.read(from);
      return shape.bare ? { is, value: read } : { is, ...read };
    },
  };
}

/** A variant of one value without a name. */
export const bare = (shape) => ({ ...shape, bare: true });

export function encode(shape, value) {
  const out = [];
  shape.write(out, value);
  return Uint8Array.from(out);
}

/** Reads all of `bytes`. */
export function decode(shape, bytes) {
  if (bytes.length > CONTROL_BYTES_MAX) throw new Malformed("long");
  const from = new Source(bytes);
  const value = shape.read(from);
  if (from.left) throw new Malformed("left_over");
  return value;
}
