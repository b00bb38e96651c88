// A film as the page shows it: see protocol/tests/page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { Film } from "../../web/game/film.js";
import { Schema } from "../../web/game/schema.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const vectors = JSON.parse(readFileSync(process.env.VECTORS));
const schema = new Schema(vectors.schema);
const whole = bytes(vectors.film);

const same = (film, at) => {
  const { table, events } = film.show(at);
  const { tick, state, hits } = vectors.frames[at];
  assert.equal(table.tick, tick);
  assert.deepEqual([...table.entries()].map(([slot, { kind, generation, fields }]) => [slot, kind, generation, fields]), state, `frame ${at}`);
  assert.deepEqual(events.map(({ values }) => [values.by, values.at]), hits);
};

test("every frame is shown as it was made, forwards, backwards and anywhere", () => {
  const film = new Film(schema);
  for (let at = 0; at < whole.length; at += 1000) film.push(whole.subarray(at, at + 1000));
  assert.equal(film.length, vectors.frames.length);
  for (let at = 0; at < film.length; at += 1) same(film, at);
  for (let at = film.length - 1; at >= 0; at -= 7) same(film, at);
  for (let n = 0; n < 60; n += 1) same(film, (n * 37) % film.length);
});

test("it can be watched while it still comes", () => {
  const film = new Film(schema);
  let seen = 0;
  for (let at = 0; at < whole.length; at += 333) {
    film.push(whole.subarray(at, at + 333));
    while (seen < film.length) { same(film, seen); seen += 1; }
  }
  assert.equal(seen, vectors.frames.length);
});

test("a film that is none is refused by a code", () => {
  assert.throws(() => new Film(schema).push(Uint8Array.of(255, 255, 255, 255)), { code: "long" });
  assert.throws(() => new Film(schema).push(Uint8Array.of(1, 0, 0, 0, 0)), { code: "unknown" });
  const cut = new Film(schema);
  cut.push(Uint8Array.of(2, 0, 0, 0, 1, 0));
  assert.throws(() => cut.show(0), { code: "short" });
});
