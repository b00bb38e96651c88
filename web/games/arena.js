// The arena: what one sees, does and hears.

import { along, AvatarRules, Ground, RULES } from "../game/arena.js";
import { Controls } from "../game/controls.js";
import { Own } from "../game/own.js";
import { Picture } from "../game/picture.js";
import { nameOf, placeOf, read, where } from "../game/scene.js";
import { announce, el } from "../ui.js";

/** How many others are told of in words. */
const SIGHT_MAX = 8;

const ITEMS = ["health", "a rapid weapon"];

export const title = "Arena";
export const about = "Everybody against everybody, seen from above.";
/** What a new match's form begins with, and what can be chosen in it. */
export const seats = { seats: 16, bots: 4 };
export const fields = [
  { name: "map", label: "Ground", options: { yard: "yard: walls and alleys", open: "open: hardly a wall" } },
  { name: "sight", label: "Sight in metres", min: 10, max: 120, value: 30 },
  { name: "minutes", label: "Minutes", min: 1, max: 30, value: 10 },
  { name: "frags", label: "Ends at so many kills", min: 1, max: 1000, value: 50 },
];
export const columns = ["Kills", "Deaths"];
/** True if a replay can follow one player. */
export const follows = true;

const key = (name) => el("kbd", {}, name);
export const keys = [
  el("span", { class: "by-touch" }, "Go with the left thumb; look and fire with the right one."),
  el("span", { class: "by-keys" }, "Go with the arrow keys or ", key("W"), " ", key("A"), " ", key("S"), " ", key("D"), ", turn with ", key("Q"), " and ", key("E"), " or look with the mouse, fire with ", key("Space"), " or the mouse. ", key("H"), " says how you stand."),
];

export class View {
  #kind;
  #schema;
  #names;
  #own;
  #controls = null;
  #picture;
  #scene = { players: [], scores: [], items: [], shots: [], own: null };

  constructor({ stage, kind, schema, settings, names, seat }) {
    [this.#kind, this.#schema, this.#names, this.seat] = [kind, schema, names, seat];
    const ground = new Ground(kind.scenery[settings.map]);
    const plays = seat !== null;
    this.plays = plays;
    const canvas = el("canvas", plays
      ? { id: "picture", tabindex: 0, role: "application", "aria-label": "The arena, seen from above. What you see of it is told below, with the scores.", "aria-describedby": "keys" }
      : { id: "picture", role: "img", "aria-label": "The arena, seen from above. The scores below say how it stands at this moment." });
    stage.append(canvas);
    // Of other rules nothing is played ahead: one's avatar is then shown as the server tells it.
    this.#own = new Own(schema, new AvatarRules(ground));
    this.ahead = plays && kind.rules === RULES;
    if (plays) {
      const [go, aim] = [el("div", { id: "go-pad", class: "pad" }, "go"), el("div", { id: "aim-pad", class: "pad" }, "fire")];
      stage.append(el("div", { class: "pads", "aria-hidden": "true" }, go, aim));
      this.#controls = new Controls(canvas, go, aim);
    }
    this.#picture = new Picture(canvas, ground);
  }

  /** A state came: `table` is that of `tick`. */
  heard(tick, table) { if (this.ahead) this.#own.heard(tick, table.get(this.seat)); }

  restart() { this.#own.reset(); }

  action() { return this.#controls.action(); }

  pushed(tick, action) { this.#own.push(tick, action); }

  event({ kind, values: { by, whom, along: way, what } }) {
    const name = (of) => nameOf(this.#names, of);
    if (kind === "hit") {
      const [x, y] = along(way, 20);
      const player = this.#scene.players.find((one) => one.seat === whom);
      if (player) this.#picture.spark(player.x - x, player.y - y);
    }
    if (!this.plays) return;
    if (kind === "kill" && whom === this.seat) announce(`${name(by)} got you. You come in again in three seconds.`);
    else if (kind === "kill" && by === this.seat) announce(`You got ${name(whom)}.`);
    else if (kind === "pick") announce(`You have ${ITEMS[what]}.`);
  }

  /** Shows a moment; with a `peer` as whoever plays sees it. */
  show(between, peer, now) {
    const scene = read(this.#schema, this.#kind.players_max, between.entries(), this.#names, this.seat);
    let own = scene.players.find((player) => player.mine) ?? null;
    if (peer) {
      const newest = peer.world.get(this.seat);
      const ahead = this.ahead && newest ? this.#own.shown(performance.now(), peer.inputTime(now)) : null;
      own = newest ? { ...this.#schema.named(newest), ...ahead, seat: this.seat, mine: true, name: nameOf(this.#names, this.seat) } : null;
      scene.players = scene.players.filter((player) => !player.mine);
      if (own) scene.players.push(own);
    }
    this.#scene = { ...scene, own };
    this.#picture.draw({ ...this.#scene, whole: this.seat === null });
  }

  scores() { return this.#scene.scores.map(({ seat, frags, deaths }) => ({ seat, cells: [frags, deaths] })); }

  /** How one stands, in a sentence. */
  words() {
    const { scores, own } = this.#scene;
    const place = placeOf(scores, this.seat);
    const kills = scores.find((score) => score.seat === this.seat)?.frags ?? 0;
    const stands = `Place ${place} of ${scores.length}, ${kills} ${kills === 1 ? "kill" : "kills"}`;
    if (!own) return `You are out. ${stands}.`;
    return `Health ${own.health}${own.rapid ? ", rapid weapon" : ""}. ${stands}.`;
  }

  place() {
    const { own } = this.#scene;
    return own ? `You are ${(own.x / 100).toFixed(1)} m from the left and ${(own.y / 100).toFixed(1)} m from above.` : "";
  }

  /** Who is in sight, the nearest first, in words. */
  sight() {
    const { own, players } = this.#scene;
    if (!own) return [];
    const far = (player) => Math.hypot(player.x - own.x, player.y - own.y);
    return players.filter((player) => !player.mine).sort((a, b) => far(a) - far(b)).slice(0, SIGHT_MAX).map((player) => `${player.name}, ${where(own, player)}`);
  }

  figures() { return [["Played ahead", this.ahead ? `${this.#own.compared - this.#own.corrected} of ${this.#own.compared} right` : "no"]]; }
}
