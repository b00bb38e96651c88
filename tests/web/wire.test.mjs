// The golden datagrams and control messages (`protocol/golden/wire.jsonl`), as the page reads and writes them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { BitReader } from "../../web/game/bits.js";
import { ClientPeer } from "../../web/game/client.js";
import { decodeClient, decodeServer, encodeClient, encodeServer } from "../../web/game/control.js";
import { readEvents } from "../../web/game/events.js";
import { readDownHead, writeUp } from "../../web/game/packet.js";
import { Schema } from "../../web/game/schema.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (list) => [...list].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const text = readFileSync(new URL("../../protocol/golden/wire.jsonl", import.meta.url), "utf8");
const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));

/** In the golden lines a field is carried by `[by, shift]`. */
const named = (list) => list.map((field) => ({ ...field, carried: field.carried && { by: field.carried[0], shift: field.carried[1] } }));
const [{ schema: said }] = lines;
const schema = new Schema({
  ...said,
  kinds: said.kinds.map((kind) => ({ ...kind, groups: kind.groups.map(named) })),
  input: named(said.input),
  events: said.events.map((event) => ({ ...event, fields: named(event.fields) })),
});

/** `{ "Welcome": {…} }` and `"Start"` as the page has them: `{ is, … }`. */
function page(value) {
  if (typeof value === "string") return { is: value };
  const [[is, inner]] = Object.entries(value);
  if (is === "Refused" || is === "Closed") return { is, value: page(inner) };
  if (is === "Hello") return { is, ...inner, entry: page(inner.entry) };
  return inner !== null && typeof inner === "object" ? { is, ...inner } : { is, value: inner };
}

test("the schema has the hash that the server says", () => assert.equal(schema.hash, said.hash));

test("every datagram of the server is read as its line says", () => {
  const peer = new ClientPeer(schema, 7, 0, 0);
  let read = 0;
  for (const { down, is } of lines.filter((line) => line.down)) {
    const reader = new BitReader(bytes(down));
    const head = readDownHead(reader);
    const ack = head.ack && { seq: head.ack.seq, bits: head.ack.bits, hold_ms: head.ack.holdMs, depth: head.ack.depth };
    assert.deepEqual([head.resync, head.epoch, head.number, head.tick, head.baselineAge, ack], [is.resync, is.epoch, is.number, is.tick, is.baseline_age, is.ack]);
    const events = head.events ? readEvents(reader, schema, is.tick) : [];
    const kinds = schema.events.map((event) => event.name);
    assert.deepEqual(events.map(({ number, tick, kind, values }) => [number, tick, kinds.indexOf(kind), Object.values(values)]), is.events);
    // The page must have sent what is acknowledged.
    for (let n = 0; n < 100; n += 1) peer.encode(0);
    const { tick, complete } = peer.receive(0, bytes(down));
    assert.equal(tick, is.tick);
    assert.equal(complete, !is.partial && is.untold.length === 0);
    for (const [slot, kind, generation, fields] of is.entities) {
      const entity = peer.state(tick).get(slot);
      assert.deepEqual(entity && [entity.kind, entity.generation, entity.fields], kind === null || kind === undefined ? undefined : [kind, generation, fields], `slot ${slot}, tick ${tick}`);
    }
    read += 1;
  }
  assert.ok(read > 60, `${read} read`);
});

test("every datagram of the client is written as its line says", () => {
  const ups = lines.filter((line) => line.up);
  for (const { up, is } of ups) {
    const inputs = is.inputs && {
      tick: is.inputs.tick, viewTick: is.inputs.view_tick, viewFrac: is.inputs.view_frac,
      inputs: is.inputs.newest_first.map((bits) => {
        let [rest, packed] = [BigInt(bits.startsWith("0x") ? bits : `0x${bits}`), []];
        for (const field of schema.input) {
          packed.push(Number(BigInt.asUintN(field.bits, rest)));
          rest >>= BigInt(field.bits);
        }
        return packed;
      }),
    };
    const ack = is.ack && { tick: is.ack.tick, bits: is.ack.bits, holdMs: is.ack.hold_ms };
    assert.equal(hex(writeUp(schema, { epoch: is.epoch, seq: is.seq, ack, inputs })), up);
  }
  assert.ok(ups.length > 15);
});

test("every control message is read and written as its line says", () => {
  const [client, server] = [lines.filter((line) => line.client), lines.filter((line) => line.server)];
  for (const { client: text, is } of client) {
    assert.deepEqual(decodeClient(bytes(text)), page(is));
    assert.equal(hex(encodeClient(page(is))), text);
  }
  for (const { server: text, is } of server) {
    assert.deepEqual(decodeServer(bytes(text)), page(is));
    assert.equal(hex(encodeServer(page(is))), text);
  }
  assert.ok(client.length >= 5 && server.length >= 20);
});
