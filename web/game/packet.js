// The two kinds of datagram, to the bit: `docs/wire.md` has them in tables. Inputs are arrays with the bits of
// each field (`Schema.packInput`).

import { BitReader, BitWriter, Malformed } from "./bits.js";

/** The largest datagram, either way. */
export const DATAGRAM_BYTES_MAX = 1100;

/** How many inputs before the newest one each datagram repeats. */
export const INPUTS_REPEATED = 3;

/** How long something may be held before it is acknowledged, in ms; longer is said as this. */
export const HOLD_MAX_MS = 255;

/** How an acknowledged datagram's depth is said where no input of it is known. */
export const DEPTH_UNKNOWN = -128;

/** How many bits of its number a datagram from the server has. */
export const NUMBER_BITS = 4;

/** How many bits say how many entities a datagram tells of. */
export const COUNT_BITS = 10;

const DOWN = 1;
const UP = 2;

/** A reader of a datagram that is not too long. */
export function whole(bytes) {
  if (bytes.length > DATAGRAM_BYTES_MAX) throw new Malformed("long");
  return new BitReader(bytes);
}

/** The head of a datagram from the server. */
export function readDownHead(reader) {
  const [resync, events, acks] = readKind(reader, DOWN);
  const head = { resync, events, epoch: reader.read(8), number: reader.read(NUMBER_BITS), tick: reader.read(16), baselineAge: reader.read(6), ack: null };
  if (acks) {
    head.ack = { seq: reader.read(16), bits: reader.read(16), holdMs: reader.read(8), depth: (reader.read(8) << 24) >> 24 };
  }
  return head;
}

/** A datagram to the server: `{ epoch, seq, ack, inputs }`, the latter two or null. */
export function writeUp(schema, { epoch, seq, ack, inputs }) {
  const writer = new BitWriter();
  writer.write(UP, 3);
  for (const flag of [ack, inputs, false, false, false]) writer.flag(flag);
  writer.write(epoch, 8);
  writer.write(seq, 16);
  if (ack) {
    writer.write(ack.tick, 16);
    writer.write(ack.bits, 32);
    writer.write(ack.holdMs, 8);
  }
  if (inputs) {
    writer.write(inputs.tick, 16);
    writer.write(inputs.viewTick, 16);
    writer.write(inputs.viewFrac, 8);
    writer.write(inputs.inputs.length - 1, 2);
    inputs.inputs.forEach((input, n) => writeInput(writer, schema, input, n ? inputs.inputs[n - 1] : null));
  }
  return writer.finish();
}

/** Writes an input: whole, or against the one of the tick after it. */
function writeInput(writer, schema, input, newer) {
  const values = newer ? input.map((value, n) => (value ^ newer[n]) >>> 0) : input;
  if (newer) {
    const differs = values.some((value) => value !== 0);
    writer.flag(differs);
    if (!differs) return;
  }
  schema.input.forEach(({ bits }, n) => {
    if (newer) writer.flag(values[n] !== 0);
    if (!newer || values[n] !== 0) writer.write(values[n], bits);
  });
}

/** The first three flags of a datagram of this kind; the other two are not in use yet. */
function readKind(reader, kind) {
  const found = reader.read(3);
  const flags = [reader.flag(), reader.flag(), reader.flag()];
  if (found !== kind || reader.read(2) !== 0) throw new Malformed("kind");
  return flags;
}

/** The number nearest to `near` whose lowest 16 bits are `low`; null if it would be below 0. */
export function expand(near, low) {
  const further = ((low - near) << 16) >> 16;
  return near + further < 0 ? null : near + further;
}

/** How many are left out. */
export function readGap(reader) {
  if (!reader.flag()) return 0;
  if (!reader.flag()) return reader.read(3) + 1;
  return reader.flag() ? reader.read(10) : reader.read(6) + 9;
}

/** What follows about an entity: `[mark, age]`, `age` with OWN_DELTA alone. */
export const [DELTA, OWN_DELTA, NEW, GONE, UNTOLD] = ["delta", "own_delta", "new", "gone", "untold"];

export function readMark(reader) {
  if (!reader.flag()) return [DELTA, 0];
  if (!reader.flag()) return [OWN_DELTA, reader.read(6)];
  if (!reader.flag()) return [NEW, 0];
  return [reader.flag() ? UNTOLD : GONE, 0];
}
