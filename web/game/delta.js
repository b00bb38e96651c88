// An entity as the difference to an earlier state of it: `docs/wire.md` has the forms. Fields are plain
// arrays of whole numbers, which are never changed once they are in a table.

/** How many bits the middle form of a difference has beyond the small one. */
const MIDDLE_MORE = 3;

/** Where field number `at` of `base` is expected `ticks` ticks later; of `now`, what comes before it is known. A
 * speed that changed is taken to have changed evenly, and to move a tick after it changed. */
function expected(field, at, base, ticks, now) {
  if (!field.carried) return base[at];
  const { by, shift } = field.carried;
  const twice = base[by] * (ticks - 1) + now[by] * (ticks + 1);
  return field.fit(base[at] + Math.floor(twice / 2 ** (shift + 1)));
}

/** The fields `base` as they are expected after `ticks` ticks. */
export function carry(kind, base, ticks) {
  const now = [];
  for (const field of kind.fields) now.push(expected(field, now.length, base, ticks, now));
  return now;
}

/** Reads what differs from where `base` is expected after `ticks` ticks. */
export function read(reader, kind, base, ticks) {
  const now = [];
  for (const group of kind.groups) {
    const changed = reader.flag();
    for (const field of group) {
      const at = expected(field, now.length, base, ticks, now);
      now.push(changed ? readValue(reader, field, at) : at);
    }
  }
  return now;
}

/** Reads a value of `field` as it is. */
export const readRaw = (reader, field) => field.ofRaw(reader.read(field.bits));

/** Reads every field as it is. */
export const readWhole = (reader, fields) => fields.map((field) => readRaw(reader, field));

function readValue(reader, field, at) {
  const small = field.smallBits;
  if (!small) return readRaw(reader, field);
  const middle = small + MIDDLE_MORE;
  let folded;
  if (!reader.flag()) folded = reader.read(small);
  else if (middle >= field.bits || reader.flag()) return readRaw(reader, field);
  else folded = reader.read(middle) + 2 ** small;
  const less = folded % 2 ? -(folded + 1) / 2 : folded / 2;
  return field.wrap(at + less);
}
