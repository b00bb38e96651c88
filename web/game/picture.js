// The arena as a picture: what the peer says is there, on a canvas that follows one's own avatar.

import { CELL, RADIUS, TURN } from "./arena.js";
import { colours, Paper } from "./paper.js";

/** How much of the ground is seen along the shorter side of the picture, in centimetres. */
const SHORT_SIDE = 2200;

/** How many pixels the radius of an avatar has at least, however much of the ground is seen. */
const RADIUS_PX = 5;

/** For how long a hit is seen, in ms. */
const SPARK_MS = 250;

/** How many sparks there are at most: more than one sees. */
const SPARKS_MAX = 64;

export class Picture {
  #paper;
  #pen = null;
  #ground;
  #tone = colours();
  #sparks = [];
  #eye = { x: 0, y: 0 };
  #scale = 1;

  constructor(canvas, ground) {
    this.#ground = ground;
    const middle = (ground.cells * CELL) / 2;
    this.#eye = { x: middle, y: middle };
    this.#paper = new Paper(canvas, () => { this.#tone = colours(); });
  }

  /** A hit at a place. */
  spark(x, y) {
    this.#sparks.push({ x, y, at: performance.now() });
    if (this.#sparks.length > SPARKS_MAX) this.#sparks.shift();
  }

  /**
   * Draws `scene`: `{ players, shots, items, own, whole }`. Players are `{ x, y, aim, health, shield, name, mine }`,
   * `own` is where the middle of the picture is, or null to leave it; `whole` shows the whole ground.
   */
  draw({ players, shots, items, own, whole = false }) {
    const { width, height } = this.#paper.size;
    const size = this.#ground.cells * CELL;
    this.#scale = Math.min(width, height) / (whole ? size : SHORT_SIDE);
    if (whole) this.#eye = { x: size / 2, y: size / 2 };
    else if (own) this.#eye = { x: own.x, y: own.y };
    this.#pen = this.#paper.begin(this.#tone.ground, this.#scale, this.#eye.x, this.#eye.y);
    this.#floor();
    for (const item of items) this.#seen(item, (at) => this.#item(at));
    for (const shot of shots) this.#shot(shot);
    for (const player of players) this.#seen(player, (at) => this.#player(at));
    this.#burn();
  }

  /** Draws a thing where it is, and no smaller than can be seen. */
  #seen(thing, draw) {
    const pen = this.#pen;
    const larger = Math.max(1, RADIUS_PX / (RADIUS * this.#scale));
    pen.save();
    pen.translate(thing.x, thing.y);
    pen.scale(larger, larger);
    draw({ ...thing, x: 0, y: 0, larger });
    pen.restore();
  }

  /** The walls, and lines on the floor by which one sees that one moves. */
  #floor() {
    const pen = this.#pen;
    const { width, height } = this.#paper.size;
    const reach = (Math.max(width, height) / 2 / this.#scale) + CELL;
    const cells = (at) => [Math.max(-1, Math.floor((at - reach) / CELL)), Math.min(this.#ground.cells, Math.ceil((at + reach) / CELL))];
    const [left, right] = cells(this.#eye.x);
    const [top, bottom] = cells(this.#eye.y);
    pen.lineWidth = 2;
    pen.strokeStyle = this.#tone.line;
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        if (this.#ground.isWall(column, row)) {
          pen.fillStyle = this.#tone.soft;
          pen.fillRect(column * CELL, row * CELL, CELL, CELL);
        } else pen.strokeRect(column * CELL, row * CELL, CELL, CELL);
      }
    }
  }

  /** Health is a cross, a rapid weapon is a pair of arrows: told apart by form, not by colour alone. */
  #item({ x, y, what }) {
    const pen = this.#pen;
    pen.fillStyle = what === 0 ? this.#tone.good : this.#tone.gold;
    pen.beginPath();
    if (what === 0) {
      pen.rect(x - 40, y - 14, 80, 28);
      pen.rect(x - 14, y - 40, 28, 80);
    } else {
      for (const at of [-36, 4]) {
        pen.moveTo(x + at, y - 36);
        pen.lineTo(x + at + 36, y);
        pen.lineTo(x + at, y + 36);
        pen.closePath();
      }
    }
    pen.fill();
  }

  #shot({ x, y, vx, vy }) {
    const pen = this.#pen;
    pen.strokeStyle = this.#tone.ink;
    pen.lineWidth = 12;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x - vx / 2, y - vy / 2);
    pen.stroke();
  }

  #player({ x, y, aim, health, shield, name, mine, rapid, larger }) {
    const pen = this.#pen;
    const angle = (aim * 2 * Math.PI) / TURN;
    pen.fillStyle = mine ? this.#tone.brand : this.#tone.standard;
    pen.beginPath();
    pen.arc(x, y, RADIUS, 0, 2 * Math.PI);
    pen.fill();
    pen.strokeStyle = this.#tone.ink;
    pen.lineWidth = rapid ? 18 : 10;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + Math.cos(angle) * RADIUS * 1.5, y + Math.sin(angle) * RADIUS * 1.5);
    pen.stroke();
    if (mine || shield) {
      pen.lineWidth = 6;
      pen.setLineDash(shield ? [20, 14] : []);
      pen.beginPath();
      pen.arc(x, y, RADIUS + 14, 0, 2 * Math.PI);
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.fillStyle = this.#tone.line;
    pen.fillRect(x - 50, y - 84, 100, 12);
    pen.fillStyle = health > 34 ? this.#tone.good : this.#tone.bad;
    pen.fillRect(x - 50, y - 84, Math.max(0, health), 12);
    pen.fillStyle = this.#tone.ink;
    pen.font = `${Math.max(40, 12 / this.#scale / larger)}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.fillText(name, x, y - 96);
  }

  #burn() {
    const now = performance.now();
    this.#sparks = this.#sparks.filter(({ at }) => now - at < SPARK_MS);
    const pen = this.#pen;
    pen.strokeStyle = this.#tone.gold;
    pen.lineWidth = 8;
    for (const { x, y, at } of this.#sparks) {
      const size = 20 + ((now - at) / SPARK_MS) * 40;
      pen.beginPath();
      for (let n = 0; n < 8; n += 1) {
        const [dx, dy] = [Math.cos((n * Math.PI) / 4), Math.sin((n * Math.PI) / 4)];
        pen.moveTo(x + dx * size * 0.6, y + dy * size * 0.6);
        pen.lineTo(x + dx * size, y + dy * size);
      }
      pen.stroke();
    }
  }
}
