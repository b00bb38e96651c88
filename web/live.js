// The live connection: a small client of the Centrifugo protocol (JSON). It connects again with a
// growing, jittered pause and goes on from its last offset, so that nothing is missed or repeated.

import { Problem, token } from "./api.js";

const PAUSE_MIN = 300;
const PAUSE_MAX = 10_000;

export class Live {
  #socket = null;
  #id = 0;
  #pending = new Map();
  #subscriptions = new Map();
  /** What `only` was asked for last. */
  #only = new Set();
  #attempt = 0;
  #watchdog = null;
  #ended = false;
  #onState;
  #token;

  /** `bearer` gives the token to connect with, or null for nobody in particular. */
  constructor(onState = () => {}, bearer = token) {
    this.#onState = onState;
    this.#token = bearer;
    this.#open();
  }

  /** Follows `channel`: `on.view(view)` for the whole, `on.change(change)` for what changed. */
  subscribe(channel, on) {
    this.#subscriptions.set(channel, { on, epoch: null, offset: null, to: null });
    if (this.#socket?.readyState === WebSocket.OPEN && this.#socket.ready) this.#join(channel);
  }

  /** Follows the channels of `wanted` (channel to `on`), and none any longer that this was asked for before. */
  only(wanted) {
    for (const channel of this.#only) if (!wanted.has(channel)) this.unsubscribe(channel);
    for (const [channel, on] of wanted) if (!this.#subscriptions.has(channel)) this.subscribe(channel, on);
    this.#only = new Set(wanted.keys());
  }

  /** Follows `channel` no longer. */
  unsubscribe(channel) {
    if (!this.#subscriptions.delete(channel)) return;
    if (this.#socket?.readyState === WebSocket.OPEN && this.#socket.ready) this.#send({ unsubscribe: { channel } });
  }

  /** Asks the server for `method`; gives what it answers. Fails with its problem, or at once if the connection is lost:
   * then nobody knows whether it was done. */
  rpc(method, data) {
    return new Promise((done, fail) => {
      if (this.#socket?.readyState !== WebSocket.OPEN || !this.#socket.ready) {
        fail(new Problem(0, { detail: "the connection is lost: try again in a moment" }));
        return;
      }
      this.#send({ rpc: { method, data } }, ({ error, rpc }) => {
        if (error) fail(new Problem(Math.max(0, error.code - 1000), error.problem ?? { detail: error.message }));
        else done(rpc?.data);
      });
    });
  }

  /** Ends the connection for good. */
  close() {
    this.#ended = true;
    this.#socket?.close();
  }

  async #open() {
    if (this.#ended) return;
    this.#onState("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const access = await this.#token().catch(() => null);
    const socket = new WebSocket(`${scheme}://${location.host}/connection/websocket`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#send({ connect: access ? { token: access } : {} }, (reply) => {
        if (reply.error) { socket.close(); return; }
        socket.ready = true;
        socket.quiet = ((reply.connect?.ping || 25) + 10) * 1000;
        this.#attempt = 0;
        this.#onState("live");
        for (const channel of this.#subscriptions.keys()) this.#join(channel);
        if (reply.connect?.expires) this.#renewIn(socket, reply.connect.ttl);
      });
    };
    socket.onmessage = ({ data }) => {
      this.#heard(socket);
      for (const line of data.split("\n")) if (line) this.#take(JSON.parse(line));
    };
    socket.onclose = ({ code }) => this.#closed(socket, code);
  }

  #heard(socket) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => socket.close(), socket.quiet || 35_000);
  }

  #renewIn(socket, seconds) {
    setTimeout(async () => {
      if (socket !== this.#socket) return;
      const access = await this.#token();
      if (access) this.#send({ refresh: { token: access } }, (reply) => {
        if (reply.refresh?.expires) this.#renewIn(socket, reply.refresh.ttl);
      });
    }, Math.max(5, seconds - 20) * 1000);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#watchdog);
    for (const fail of this.#pending.values()) fail({ error: { code: 0, message: "the connection was lost" } });
    this.#pending.clear();
    // 3500 to 3999 and 4500 to 4999 mean: do not come back as you are. A session that ended goes on
    // as a stranger's.
    const last = (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);
    this.#onState(last ? "ended" : "offline");
    const pause = Math.min(PAUSE_MAX, PAUSE_MIN * 2 ** this.#attempt) * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    setTimeout(() => this.#open(), last ? PAUSE_MAX : pause);
  }

  #send(command, done) {
    this.#id += 1;
    if (done) this.#pending.set(this.#id, done);
    this.#socket.send(JSON.stringify({ id: this.#id, ...command }));
  }

  #join(channel) {
    const subscription = this.#subscriptions.get(channel);
    const { epoch, offset } = subscription;
    const recover = epoch !== null ? { recover: true, epoch, offset } : {};
    this.#send({ subscribe: { channel, ...recover } }, (reply) => {
      if (reply.error) { subscription.on.error?.(reply.error); return; }
      const { publications = [], data, epoch: at, offset: to = 0 } = reply.subscribe;
      if (data) this.#show(subscription, data);
      // What was missed goes on from there, and moves the position on.
      Object.assign(subscription, { epoch: at, offset: to, to });
      for (const publication of publications) this.#publication(channel, subscription, publication);
    });
  }

  #show(subscription, data) {
    if (data.view !== undefined) subscription.on.view?.(data.view, data.to);
    else if (data.change !== undefined) subscription.on.change?.(data.change, data.to);
    else subscription.on.view?.(data);
  }

  #publication(channel, subscription, { data, offset }) {
    if (offset !== undefined && subscription.offset !== null && offset <= subscription.offset) return;
    if (data.change !== undefined && subscription.to !== null && data.from > subscription.to) {
      // Something was missed: ask for the whole.
      Object.assign(subscription, { epoch: null, offset: null, to: null });
      this.#send({ unsubscribe: { channel } }, () => this.#join(channel));
      return;
    }
    this.#show(subscription, data);
    if (offset !== undefined) Object.assign(subscription, { offset, to: data.to ?? offset });
  }

  #take(message) {
    if (message.id) {
      const done = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      done?.(message);
    } else if (message.push) {
      const { channel, pub, unsubscribe } = message.push;
      const subscription = this.#subscriptions.get(channel);
      if (!subscription) return;
      if (pub) this.#publication(channel, subscription, pub);
      if (unsubscribe && unsubscribe.code >= 2500) this.#join(channel);
    } else if (Object.keys(message).length === 0) {
      this.#socket.send("{}");
    }
  }
}
