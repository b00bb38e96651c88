// A match on its page while it is played, whatever the game: inputs are given when they are due, what comes is shown
// by the game's own view, and how the connection is stands beside it. `docs/your-own-game.md` has what a view is.

import { nameOf } from "./game/scene.js";
import { micros } from "./game/session.js";
import { Between } from "./game/states.js";
import { millis } from "./figures.js";
import { $, announce, el, teller } from "./ui.js";

/** How often inputs are looked after, in ms: a quarter of a tick of the fastest game. */
const PUMP_MS = 8;

/** How often words and figures are written anew, in ms. */
const WORDS_MS = 250;

/** The module of a game, by its name: `web/games/{name}.js`. */
export const gameModule = (name) => import(`./games/${name}.js`);

/** Writes the table of scores: `rows` are `{ seat, cells }`, the best first. */
export function writeScores({ columns }, rows, names, seat = null) {
  $("#scores-head").replaceChildren(...["Player", ...columns].map((name) => el("th", { scope: "col" }, name)));
  $("#scores").replaceChildren(...rows.map((row) => el("tr", { class: row.seat === seat ? "own" : null },
    el("th", { scope: "row" }, nameOf(names, row.seat)), ...row.cells.map((cell) => el("td", {}, cell)))));
}

export class Play {
  #game;
  #view;
  #schema;
  #session;
  #names;
  #timers = [];
  #frame = null;
  #server = null;
  #epoch = null;
  /** The newest tick before the match was taken up anew, and how many ticks that cost; null while that did not
   * happen, or is not known. */
  #before = null;
  #lost = null;
  /** The newest tick that came, and its state. */
  tick = 0;
  #newest = null;

  /** `game` is the game's module, `kind` the game as the server describes it, `settings` the match's, `names` a map
   * of the seats' names. */
  constructor({ game, kind, schema, session, settings, names }) {
    [this.#game, this.#schema, this.#session, this.#names] = [game, schema, session, names];
    const stage = $("#game");
    stage.replaceChildren();
    this.#view = new game.View({ stage, kind, schema, settings, names, seat: session.seat });
    $("#keys").replaceChildren(...[game.keys ?? ""].flat());
    stage.addEventListener("keydown", (event) => { if (event.key === "h" && !event.ctrlKey && !event.metaKey) announce(this.#view.words()); });
    this.#timers = [setInterval(() => this.#pump(), PUMP_MS), setInterval(() => this.#write(), WORDS_MS)];
    this.#draw();
  }

  /** Stops; what came last stays to be seen. */
  close() {
    this.#timers.forEach(clearInterval);
    cancelAnimationFrame(this.#frame);
    if (this.#newest) {
      this.#view.show(new Between(this.#schema, this.#newest, this.#newest, 0));
      this.#words();
    }
    this.#view.close?.();
  }

  /** A state came. */
  heard({ tick, newest }) {
    if (!newest) return;
    [this.tick, this.#newest] = [tick, this.#session.peer.state(tick)];
    this.#view.heard?.(tick, this.#newest);
  }

  /** The connection is another one. The match is in this `epoch`: in another than before if the server was lost. */
  restart(epoch) {
    this.#view.restart?.();
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
      const action = this.#view.action();
      peer.pushInput(tick, this.#schema.packInput(action), peer.view(now));
      this.#view.pushed?.(tick, action);
      given = true;
    }
    if (given) this.#session.datagram(peer.encode(now));
    for (let event = peer.nextEvent(peer.world.tick); event; event = peer.nextEvent(peer.world.tick)) this.#view.event?.(event);
  }

  #draw() {
    this.#frame = requestAnimationFrame(() => this.#draw());
    const { peer } = this.#session;
    const now = micros();
    const between = peer?.between(peer.view(now));
    if (between) this.#view.show(between, peer, now);
  }

  #tell = teller(() => this.#view.words(), 20_000);

  #write() {
    if (document.hidden || !this.#session.peer) return;
    this.#words();
    this.#tell();
    this.#figures();
  }

  #words() {
    writeScores(this.#game, this.#view.scores(), this.#names, this.#session.seat);
    const words = this.#view.words();
    if ($("#mine").textContent !== words) $("#mine").textContent = words;
    $("#place").textContent = this.#view.place?.() ?? "";
    $("#sight").replaceChildren(...(this.#view.sight?.() ?? []).map((text) => el("li", {}, text)));
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
      ...(this.#view.figures?.() ?? []),
    ];
    const list = $("#figures");
    if (list.children.length !== rows.length * 2) list.replaceChildren(...rows.flatMap(([name]) => [el("dt", {}, name), el("dd", {})]));
    rows.forEach(([, value], n) => { list.children[2 * n + 1].textContent = value; });
  }
}
