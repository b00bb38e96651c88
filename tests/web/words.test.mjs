// The page reads and writes control messages as the server does: see protocol/tests/page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { decodeClient, decodeServer, encodeClient, encodeServer, framed, Frames, helloOf } from "../../web/game/control.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (list) => [...list].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const { told, said } = JSON.parse(readFileSync(process.env.VECTORS));

test("every message of the server is read, and would be written the same", () => {
  for (const { hex: text, value } of told) {
    assert.deepEqual(decodeServer(bytes(text)), value);
    assert.equal(hex(encodeServer(value)), text);
  }
});

test("every message of the page is written as the server reads it", () => {
  for (const { hex: text, framed: whole, value } of said) {
    assert.equal(hex(encodeClient(value)), text);
    assert.equal(hex(framed(encodeClient(value))), whole);
    assert.deepEqual(decodeClient(bytes(text)), value);
  }
  assert.deepEqual(helloOf(0xdeadbeef, { is: "Ticket", value: "eyJ" }), said[0].value);
});

test("a stream cut anywhere gives the same messages", () => {
  const whole = bytes(told.map((one) => one.framed).join(""));
  for (let size = 1; size < whole.length; size += 1) {
    const [frames, read] = [new Frames(), []];
    for (let at = 0; at < whole.length; at += size) read.push(...frames.push(whole.subarray(at, at + size)).map(decodeServer));
    assert.deepEqual(read, told.map((one) => one.value), `in pieces of ${size}`);
  }
});

test("what is cut off, goes on, or names what there is not is refused by a code, and claims no memory", () => {
  for (const { hex: text } of told) {
    const whole = bytes(text);
    for (let cut = 0; cut < whole.length; cut += 1) assert.throws(() => decodeServer(whole.subarray(0, cut)), { code: /^(short|integer|unknown|text)$/ });
    assert.throws(() => decodeServer(Uint8Array.of(...whole, 0)), { code: "left_over" });
  }
  assert.throws(() => decodeServer(Uint8Array.of(200)), { code: "unknown" });
  assert.throws(() => decodeServer(Uint8Array.of(1, 0, 253, 255, 255, 255, 255, 255, 255, 0, 0)), { code: "short" });
  assert.throws(() => new Frames().push(Uint8Array.of(255, 255, 255, 255)), { code: "long" });
  let seed = 7;
  const next = () => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return seed >>> 24; };
  for (let n = 0; n < 20_000; n += 1) {
    try { decodeServer(Uint8Array.from({ length: next() % 40 }, next)); } catch (error) { assert.ok(error.code, error.stack); }
  }
});
