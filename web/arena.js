// The arena on its page while a match is played: what one sees, does and hears, and how the connection is.

import { along, AvatarRules, Ground, RULES } from "./game/arena.js";
import { Controls } from "./game/controls.js";
import { Own } from "./game/own.js";
import { Picture } from "./game/picture.js";
import { nameOf, placeOf, read, where } from "./game/scene.js";
import { micros } from "./game/session.js";
import { millis } from "./figures.js";
import { $, announce, el, teller } from "./ui.js";

/** How often inputs are looked after, in ms: a quarter of a tick. */
const PUMP_MS = 8;

/** How often words and figures are written anew, in ms. */
const WORDS_MS = 250;

/** How many others are told of in words. */
const SIGHT_MAX = 8;

const ITEMS = ["health", "a rapid weapon"];

export class Arena {
  #kind;
  #schema;
  #session;
  #names;
  #own;
  #controls;
  #picture;
  #scene = { players: [], scores: [], items: [], shots: [] };
  #timers = [];
  #frame = null;
  #server = null;
  #epoch = null;
  /** The newest tick before the match was taken up anew, and how many ticks that cost; null while that did not
   * happen, or is not known. */
  #before = null;
  #lost = null;
  /** The newest tick that came. */
  tick = 0;

  /** `kind` is the game as the server describes it, `settings` the match's, `names` a map of the seats' names. */
  constructor({ kind, schema, session, settings, names }) {
    [this.#kind, this.#schema, this.#session, this.#names] = [kind, schema, session, names];
    const ground = new Ground(kind.scenery[settings.map]);
    // Of other rules nothing is played ahead: one's avatar is then shown as the server tells it.
    this.#own = new Own(schema, new AvatarRules(ground));
    this.ahead = kind.rules === RULES;
    this.#controls = new Controls($("#picture"), $("#go-pad"), $("#aim-pad"));
    this.#picture = new Picture($("#picture"), ground);
    $("#picture").addEventListener("keydown", (event) => { if (event.key === "h" && !event.ctrlKey && !event.metaKey) announce(this.#inWords()); });
    this.#timers = [setInterval(() => this.#pump(), PUMP_MS), setInterval(() => this.#write(), WORDS_MS)];
    this.#draw();
  }

  close() {
    this.#timers.forEach(clearInterval);
    cancelAnimationFrame(this.#frame);
  }

  /** A state came. */
  heard({ tick, newest }) {
    if (newest) this.tick = tick;
    if (newest && this.ahead) this.#own.heard(tick, this.#session.peer.state(tick).get(this.#session.seat));
  }

  /** The connection is another one. The match is in this `epoch`: in another than before if the server was lost. */
  restart(epoch) {
    this.#own.reset();
    if (this.#epoch !== null && this.#epoch !== epoch) [this.#before, this.#lost] = [this.tick, null];
    this.#epoch = epoch;
  }

  /** What the server says of the match's ticks. */
  server(figures) {
    this.#server = figures;
    if (figures && this.#before !== null && figures.epoch % 256 === this.#epoch) this.#lost = Math.max(0, this.#before - figures.began);
  }

  /** Gives the inputs that are due, and sends them. */
  #pump() {
    const { peer } = this.#session;
    if (!peer) return;
    const now = micros();
    let given = false;
    for (let tick = peer.inputDue(now); tick !== null; tick = peer.inputDue(now)) {
      const action = this.#controls.action();
      peer.pushInput(tick, this.#schema.packInput(action), peer.view(now));
      this.#own.push(tick, action);
      given = true;
    }
    if (given) this.#session.datagram(peer.encode(now));
    for (let event = peer.nextEvent(peer.world.tick); event; event = peer.nextEvent(peer.world.tick)) this.#event(event);
  }

  #event({ kind, values: { by, whom, along: way, what } }) {
    const { seat } = this.#session;
    const name = (of) => nameOf(this.#names, of);
    if (kind === "hit") {
      const [x, y] = along(way, 20);
      const player = this.#scene.players.find((one) => one.seat === whom);
      if (player) this.#picture.spark(player.x - x, player.y - y);
    } else if (kind === "kill" && whom === seat) announce(`${name(by)} got you. You come in again in three seconds.`);
    else if (kind === "kill" && by === seat) announce(`You got ${name(whom)}.`);
    else if (kind === "pick") announce(`You have ${ITEMS[what]}.`);
  }

  #draw() {
    this.#frame = requestAnimationFrame(() => this.#draw());
    const { peer, seat } = this.#session;
    if (!peer) return;
    const now = micros();
    const between = peer.between(peer.view(now));
    if (!between) return;
    this.#scene = read(this.#schema, this.#kind.players_max, between.entries(), this.#names, seat);
    const newest = peer.world.get(seat);
    const ahead = this.ahead && newest ? this.#own.shown(performance.now(), peer.inputTime(now)) : null;
    const mine = newest && { ...this.#schema.named(newest), ...ahead, seat, mine: true, name: nameOf(this.#names, seat) };
    this.#scene.players = this.#scene.players.filter((player) => !player.mine);
    if (mine) this.#scene.players.push(mine);
    this.#scene.own = mine ?? null;
    this.#picture.draw(this.#scene);
  }

  /** How one stands, in a sentence. */
  #inWords() {
    const { scores, own } = this.#scene;
    const place = placeOf(scores, this.#session.seat);
    const kills = scores.find((score) => score.seat === this.#session.seat)?.frags ?? 0;
    const stands = `Place ${place} of ${scores.length}, ${kills} ${kills === 1 ? "kill" : "kills"}`;
    if (!own) return `You are out. ${stands}.`;
    return `Health ${own.health}${own.rapid ? ", rapid weapon" : ""}. ${stands}.`;
  }

  /** Who is in sight, the nearest first, in words. */
  #inSight() {
    const { own, players } = this.#scene;
    if (!own) return [];
    const far = (player) => Math.hypot(player.x - own.x, player.y - own.y);
    return players.filter((player) => !player.mine).sort((a, b) => far(a) - far(b)).slice(0, SIGHT_MAX).map((player) => `${player.name}, ${where(own, player)}`);
  }

  #tell = teller(() => this.#inWords(), 20_000);

  #write() {
    if (document.hidden || !this.#session.peer) return;
    const { scores } = this.#scene;
    $("#scores").replaceChildren(...scores.map((score) => el("tr", { class: score.seat === this.#session.seat ? "own" : null },
      el("th", { scope: "row" }, score.name), el("td", {}, score.frags), el("td", {}, score.deaths))));
    $("#mine").textContent = this.#inWords();
    const { own } = this.#scene;
    $("#place").textContent = own ? `You are ${(own.x / 100).toFixed(1)} m from the left and ${(own.y / 100).toFixed(1)} m from above.` : "";
    $("#sight").replaceChildren(...this.#inSight().map((text) => el("li", {}, text)));
    this.#tell();
    this.#figures();
  }

  #figures() {
    const f = this.#session.peer.figures;
    const percent = (permille) => `${(permille / 10).toFixed(1)} %`;
    const late = this.#server?.lateness_us;
    const rows = [
      ["Ping", f.rttUs ? millis(f.rttUs / 1000) : "–"],
      ["Jitter", millis(f.jitterUs / 1000)],
      ["Loss down", percent(f.lossDownPermille)],
      ["Loss up", percent(f.lossUpPermille)],
      ["Ticks late by", late ? `${millis(late.p50 / 1000)}, at worst ${millis(late.max / 1000)}` : "–"],
      ["Over", this.#session.kind === "webtransport" ? "WebTransport" : "WebSocket"],
      ["Tick", this.tick],
      ["Lost by a restart", this.#lost === null ? "–" : `${this.#lost} ${this.#lost === 1 ? "tick" : "ticks"}`],
      ["Played ahead", this.ahead ? `${this.#own.compared - this.#own.corrected} of ${this.#own.compared} right` : "no"],
    ];
    const list = $("#figures");
    if (list.children.length !== rows.length * 2) list.replaceChildren(...rows.flatMap(([name]) => [el("dt", {}, name), el("dd", {})]));
    rows.forEach(([, value], n) => { list.children[2 * n + 1].textContent = value; });
  }
}
