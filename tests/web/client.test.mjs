// The page's client half does again what a client of the server's own code did: see protocol/tests/page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { ClientPeer } from "../../web/game/client.js";
import { Schema } from "../../web/game/schema.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (list) => [...list].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const state = (table) => [...table.entries()].map(([slot, { kind, generation, fields }]) => [slot, kind, generation, fields]);

test("the page makes of every datagram what the server's own client makes", () => {
  const vectors = JSON.parse(readFileSync(process.env.VECTORS));
  const schema = new Schema(vectors.schema);
  assert.equal(schema.hash, vectors.hash);
  const peer = new ClientPeer(schema, 254, 0, 0);
  const events = [];
  for (const one of vectors.record) {
    if (one.down !== undefined) {
      const received = peer.receive(one.at, bytes(one.down));
      const expected = one.tick === undefined ? null : { tick: one.tick, newest: one.newest, complete: one.complete, eventsLost: one.lost };
      assert.deepEqual(received, expected, `at ${one.at}`);
      if (received) assert.deepEqual(state(peer.state(one.tick)), one.state, `tick ${one.tick}`);
    } else if (one.input !== undefined) {
      assert.equal(peer.inputDue(one.at), one.input);
      const [tick, frac] = one.view;
      assert.deepEqual(peer.view(one.at), { tick, frac }, `at ${one.at}`);
      peer.pushInput(one.input, schema.packInput(one.values), { tick, frac });
      assert.deepEqual(schema.unpackInput(schema.packInput(one.values)), one.values);
    } else if (one.up !== undefined) {
      assert.equal(hex(peer.encode(one.at)), one.up, `at ${one.at}`);
      shown(peer, one.shown);
    } else if (one.event !== undefined) {
      events.push(peer.nextEvent(peer.world.tick));
      const { kind, tick, values } = events.at(-1);
      assert.deepEqual([kind, tick, Object.values(values)], [one.event, one.tick, one.values]);
    } else {
      peer.restart(one.restart, one.tick, one.at);
    }
  }
  assert.ok(events.length > 100, `${events.length} events`);
  const { figures } = peer;
  for (const [name, value] of Object.entries(vectors.figures)) assert.equal(figures[name], value, name);
});

/** What is shown at the very moment that the other showed. */
function shown(peer, expected) {
  if (!expected) { assert.equal(peer.between(peer.view(0)), null); return; }
  const [tick, frac] = expected.view;
  const all = [...peer.between({ tick, frac }).entries()].map(([slot, { fields }]) => [slot, fields]);
  assert.deepEqual(all, expected.all);
}

test("what cannot be read is dropped, counted, and leaves no trace", () => {
  const vectors = JSON.parse(readFileSync(process.env.VECTORS));
  const schema = new Schema(vectors.schema);
  const peer = new ClientPeer(schema, 254, 0, 0);
  let came = 0;
  for (const { at, down, tick } of vectors.record.filter((one) => one.down && one.at < 2_000_000)) {
    const whole = bytes(down);
    // An acknowledgement of what this one never sent makes it drop the datagram, so it sends as many.
    while (peer.figures.sent < 400) peer.encode(at);
    for (const cut of [0, 1, 5, whole.length - 1]) {
      const before = peer.figures.dropped;
      assert.equal(peer.receive(at, whole.subarray(0, cut)), null);
      assert.equal(peer.figures.dropped, before + 1);
    }
    assert.equal(peer.receive(at, Uint8Array.of(...whole, 1)), null);
    if (peer.receive(at, whole)) came += 1;
    else assert.equal(tick, undefined);
  }
  assert.ok(came > 20, `${came} came`);
  assert.equal(peer.receive(0, new Uint8Array(1101)), null);
});
