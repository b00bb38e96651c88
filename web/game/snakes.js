// Which cells a snake has, as the server says it: where its head is, and the bends by which the rest of it follows.
// Held to the server's own cells by `bodies.json`.

/** How many bends of a snake there are at most, and how many one entity tells. */
const BENDS_MAX = 96;
const COIL = 8;
const COILS_EACH = BENDS_MAX / COIL;

/** The first slots of scores, food and bends, by how many seats there are; heads come before. */
export const slotsOf = (seats) => ({ scores: seats, food: 2 * seats, coils: 2 * seats + 128 });

/** The steps of up, right, down and left. */
export const STEPS = [[0, -1], [1, 0], [0, 1], [-1, 0]];

const around = (at, size) => ((at % size) + size) % size;

/** True if `tick` is the first of a move: heads are half-way then. */
export const isHalfway = (tick) => tick % 2 === 1;

/** The cell of a `head` (its fields by name) at `tick`: in the first tick of a move the one that it goes to. */
export function headOf({ x, y, vx, vy }, tick, size) {
  const half = isHalfway(tick) ? 1 : 0;
  const cell = (at, by) => around(at + by * half, 2 * size) >> 1;
  return [cell(x, vx), cell(y, vy)];
}

/** The bend number `n` of `seat`, `{ after, way }`, of what `get(slot)` has; null if it is not known. */
export function bendOf(get, coils, seat, n) {
  const fields = get(coils + seat * COILS_EACH + Math.floor(n / COIL))?.fields;
  return fields ? { after: fields[(n % COIL) * 2], way: fields[(n % COIL) * 2 + 1] } : null;
}

/** The cells of a snake, from the head on: `head` has its fields by name, `bend(n)` its bends. */
export function cellsOf(head, tick, size, bend) {
  const cells = [headOf(head, tick, size)];
  let [x, y] = cells[0];
  let until = ((tick + 1) >> 1) & 255;
  let n = head.newest;
  let along = bend(n);
  while (along && cells.length < head.length) {
    if (until === along.after) {
      n = (n + BENDS_MAX - 1) % BENDS_MAX;
      along = bend(n);
      if (!along || along.after === until) break;
    }
    until = (until + 255) & 255;
    const [dx, dy] = STEPS[along.way];
    [x, y] = [around(x - dx, size), around(y - dy, size)];
    cells.push([x, y]);
  }
  return cells;
}
