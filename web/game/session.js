// A player's connection to a match for as long as they play: it is opened, greeted, watched, and when it is lost
// another one goes on in the same seat. What is on it is not looked at here but for that.

import { ClientPeer } from "./client.js";
import { decodeServer, encodeClient, helloOf } from "./control.js";
import { open } from "./transport.js";

/** So long without a datagram, while the match runs, and the connection is taken to be lost, in ms. 500 ms: 15
 * ticks, which no path loses that is still one. */
const SILENCE_MS = 500;

/** How often that is looked at, in ms. */
const LOOK_EVERY_MS = 50;

/** How long the server may take to answer a first message, in ms. */
const WELCOME_WITHIN_MS = 4000;

/** The pauses between attempts to come back, in ms: short, since a seat is kept for half a minute only. */
const PAUSES_MS = [0, 100, 200, 300, 500];

/** After so many attempts that found the server but no WebTransport, a WebSocket will do. */
const INSIST = 3;

/** What ends a session for good, in words. */
const ENDS = {
  Left: "You left the match.", Over: "The match is over.", Replaced: "You play on in another window.", Away: "You were away for too long, and your seat was given up.",
  Removed: "You lost your seat.", Malformed: "The server could not read what this page sent.", Version: "This page is older or newer than the server: load it again.",
  Schema: "This page is older or newer than the server: load it again.", Full: "Every seat is taken.", Entry: "The server did not let you in.",
};

/** The code of a word that a transport was closed with: `refused_entry` is `Entry`. */
const codeOf = (word) => word.replace(/^refused_/, "").replace(/^./, (first) => first.toUpperCase());

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** `performance.now()` in microseconds: the time of the peers. */
export const micros = () => Math.round(performance.now() * 1000);

/**
 * `api` has `join()` and `reach()`, which ask the server; `kept` has `read()`, `write(token)` for the resume token.
 * `hears` is told:
 *
 * - `state(name, words)`: "connecting", "live", "lost", and at last "ended" with why.
 * - `control(message)`: each control message but those of the connection itself.
 * - `datagram(received)`: a state came.
 * - `epoch(epoch, tick)`: the match runs, at `tick`; in another epoch than before if the server was lost.
 */
export class Session {
  #api;
  #kept;
  #hears;
  #schema;
  #link = null;
  #ended = false;
  #heardAt = 0;
  #lookedAt = 0;
  #stood = false;
  #failed = 0;
  /** The client half, once the match runs. */
  peer = null;
  seat = null;
  /** "webtransport", "websocket" or null. */
  kind = null;
  /** Why it is a WebSocket, in words. */
  why = null;

  constructor(schema, api, kept, hears) {
    [this.#schema, this.#api, this.#kept, this.#hears] = [schema, api, kept, hears];
    this.timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Connects, and comes back whenever the connection is lost, until the end. */
  async run() {
    for (let attempt = 0; !this.#ended; attempt += 1) {
      await wait(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] * (0.75 + Math.random() / 2));
      if (await this.#connect()) attempt = -1;
    }
  }

  /** Sends a datagram. */
  datagram(bytes) { this.#link?.datagram(bytes); }

  /** Sends a control message. */
  control(message) { this.#link?.control(encodeClient(message)); }

  /** Something says that the server may be gone. Where datagrams come they will tell; in a lobby none do. */
  suspect() { if (!this.peer) this.#lose(); }

  /** Gives up the seat. */
  leave() {
    this.control({ is: "Leave" });
    this.#end("Left");
  }

  #end(code, words = ENDS[code] ?? "The connection ended.") {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.timer);
    this.#kept.write(null);
    this.peer = null;
    this.#hears.state("ended", words, code);
    const link = this.#link;
    // A last word is still on its way.
    setTimeout(() => link?.close(), 500);
  }

  #lose() { this.#link?.close(); }

  /** Ends a connection on which nothing came for too long. */
  #look() {
    const now = performance.now();
    // A page that slept itself has heard nothing either: it looks again before it judges.
    const slept = now - this.#lookedAt > SILENCE_MS / 2;
    this.#lookedAt = now;
    if (this.peer && !slept && now - this.#heardAt > SILENCE_MS) this.#lose();
  }

  /** What lets in, and where: `{ entry, reach }`. */
  async #way() {
    const token = this.#kept.read();
    if (token) return { entry: { is: "Resume", value: token }, reach: await this.#api.reach() };
    const taken = await this.#api.join();
    return { entry: { is: "Ticket", value: taken.ticket }, reach: taken };
  }

  /** One connection, from its opening to its end. True if it was of use: then the next attempt is made at once. */
  async #connect() {
    if (!this.#stood) this.#hears.state("connecting");
    let way;
    try { way = await this.#way(); } catch (problem) {
      // The server is away, or too busy; whatever else it says it will say again.
      if (problem.status && problem.status < 500 && problem.status !== 429) this.#end(problem.code, problem.message);
      return false;
    }
    const line = this.#line();
    try {
      const insist = this.kind === "webtransport" && this.#failed < INSIST;
      // What did not get through once is not waited for again.
      this.#link = await open(way.reach, line.hears, { insist, without: this.why });
    } catch {
      this.#failed += 1;
      return false;
    }
    [this.kind, this.why] = [this.#link.kind, this.#link.why];
    this.control(helloOf(this.#schema.hash, way.entry));
    const timer = setTimeout(() => { if (!line.welcomed) this.#lose(); }, WELCOME_WITHIN_MS);
    const why = await line.closed;
    clearTimeout(timer);
    this.#link = null;
    this.peer = null;
    this.#after(way.entry, line, why);
    return line.useful;
  }

  /** What a connection's end means. */
  #after(entry, { welcomed, last }, why) {
    if (this.#ended) return;
    const code = last?.is ?? codeOf(why);
    // A token that is no good may have been replaced by one that was lost on the way: a ticket finds the seat.
    if (code === "Entry" && entry.is === "Resume") { this.#kept.write(null); return; }
    if (code in ENDS) { this.#end(code); return; }
    if (welcomed) this.#hears.state("lost");
  }

  /** What hears one connection. */
  #line() {
    const line = { welcomed: false, useful: false, last: null };
    line.closed = new Promise((resolve) => {
      line.hears = {
        datagram: (bytes) => this.#datagram(line, bytes),
        control: (bytes) => this.#take(line, decodeServer(bytes)),
        closed: resolve,
      };
    });
    return line;
  }

  #datagram(line, bytes) {
    const received = this.peer?.receive(micros(), bytes);
    if (!received) return;
    line.useful = true;
    this.#heardAt = performance.now();
    this.#hears.datagram(received);
  }

  #take(line, message) {
    if (message.is === "Welcome") {
      line.welcomed = this.#stood = true;
      this.#failed = 0;
      this.seat = message.seat;
      this.#kept.write(message.resume);
      if (message.server_tick > 0) this.#runs(message.epoch, message.server_tick);
      this.#hears.state("live");
    } else if (message.is === "Epoch") {
      this.#runs(message.epoch, message.tick);
    } else if (message.is === "Refused" || message.is === "Closed") {
      line.last = message.value;
    }
    this.#hears.control(message);
  }

  /** The match runs, in `epoch` and from `tick` on. */
  #runs(epoch, tick) {
    this.#heardAt = performance.now();
    if (this.peer) this.peer.restart(epoch, tick, micros());
    else this.peer = new ClientPeer(this.#schema, epoch, tick, micros());
    this.#hears.epoch(epoch, tick);
  }
}
