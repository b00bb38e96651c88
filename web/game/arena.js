// The arena's part of the rules that a player's own page plays ahead of the server: where one's avatar goes.
// Held to the server's own step by `avatar.json`; a place is in centimetres, a turn has 1,024 parts.

/** The version of the rules that this is written after. Of another one nothing is played ahead. */
export const RULES = 1;

export const TURN = 1024;
const ONE = 16_384;

/** How far a player goes in a tick. */
const PACE = 18;
/** In how many ways a player can go. */
export const WAYS = 16;
/** Half the width of a player. */
export const RADIUS = 40;
/** How long a weapon is not ready after a shot, in ticks; the latter of a rapid one. */
const RELOAD = 12;
const RELOAD_RAPID = 6;

const CELL_BITS = 8;
/** How wide a cell of the ground is. */
export const CELL = 1 << CELL_BITS;

/** The sine of `angle`, in 16,384ths: to the nearest, as the server has it. */
export const sin = (angle) => Math.round(Math.sin((angle * Math.PI) / (TURN / 2)) * ONE);
const scaled = (sine, len) => Math.sign(sine) * Math.floor((Math.abs(sine) * len + ONE / 2) / ONE);

/** What is `len` long and looks along `angle`: `[x, y]`. */
export const along = (angle, len) => [scaled(sin(angle + TURN / 4), len) + 0, scaled(sin(angle), len) + 0];

/** The step of each way: nothing, then sixteen ways around. */
const STEPS = [[0, 0], ...Array.from({ length: WAYS }, (_, way) => along((way * TURN) / WAYS, PACE))];

/** The ground, from its text: a line for each row of cells, `#` wall. */
export class Ground {
  constructor(text) {
    this.rows = text.trimEnd().split("\n");
    this.cells = this.rows.length;
  }

  /** True if the cell is wall. Beyond the edge everything is. */
  isWall(column, row) { return (this.rows[row]?.[column] ?? "#") === "#"; }

  slideX(x, y, by) { return slide(x, y, by, (column, row) => this.isWall(column, row)); }

  slideY(x, y, by) { return slide(y, x, by, (row, column) => this.isWall(column, row)); }
}

const cell = (place) => place >> CELL_BITS;

/** Where a player is who goes `by` along one axis from `place`, while `across` on the other. */
function slide(place, across, by, isWall) {
  const to = place + by;
  if (by === 0) return to;
  const ahead = cell(by > 0 ? to + RADIUS - 1 : to - RADIUS);
  for (let beside = cell(across - RADIUS); beside <= cell(across + RADIUS - 1); beside += 1) {
    if (isWall(ahead, beside)) return by > 0 ? (ahead << CELL_BITS) - RADIUS : ((ahead + 1) << CELL_BITS) + RADIUS;
  }
  return to;
}

/** Does what `action` (`{ go, aim, fire }`) says in `tick`; `reload` is how long the weapon is not ready after
 * a shot. The body after it, with `fires`: whether it fired. */
export function step(ground, body, action, tick, reload) {
  const [dx, dy] = STEPS[action.go] ?? STEPS[0];
  const x = ground.slideX(body.x, body.y, dx);
  const y = ground.slideY(x, body.y, dy);
  const fires = Boolean(action.fire) && tick >= body.ready;
  return { x, y, vx: x - body.x, vy: y - body.y, aim: action.aim, ready: fires ? tick + reload : body.ready, fires };
}

/** How the arena is played ahead: the rules of a `Prediction`. */
export class AvatarRules {
  neutral = { go: 0, aim: 0, fire: 0 };

  constructor(ground) { this.ground = ground; }

  /** The body that one's own entity is, which has its fields by name. When the weapon is ready they do not say: it
   * is as the page played it. */
  of({ x, y, vx, vy, aim, rapid }, before) {
    return { x, y, vx, vy, aim, ready: before?.ready ?? 0, rapid, fires: false };
  }

  step(body, action, tick) {
    return { ...step(this.ground, body, action, tick, body.rapid ? RELOAD_RAPID : RELOAD), rapid: body.rapid };
  }

  /** True if nothing has to be played again. */
  same(a, b) { return this.right(a, b) && a.rapid === b.rapid; }

  /** True if the page was right: what somebody picks up it cannot foresee. */
  right(a, b) { return a.x === b.x && a.y === b.y && a.aim === b.aim; }
}
