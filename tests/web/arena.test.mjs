// The page's step of an avatar against the vectors that the rules themselves are held to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { along, CELL, Ground, RADIUS, sin, step, WAYS } from "../../web/game/arena.js";

const vectors = JSON.parse(readFileSync(new URL("../../domain/src/games/arena/avatar.json", import.meta.url)));

test("angles, steps and sizes are those of the rules", () => {
  assert.deepEqual([vectors.cell, vectors.radius, vectors.one], [CELL, RADIUS, sin(256)]);
  vectors.sines.forEach((sine, angle) => {
    assert.equal(sin(angle), sine);
    assert.equal(sin(512 - angle), sine);
    assert.equal(sin(angle + 512) + 0, -sine + 0);
    assert.equal(sin(-angle) + 0, -sine + 0);
  });
  assert.deepEqual(vectors.steps.slice(1), Array.from({ length: WAYS }, (_, way) => along(way * 64, 18)));
});

test("an avatar goes where the rules say, into walls and along them, and fires when it may", () => {
  for (const { map, reload, start, actions, states } of vectors.walks) {
    const ground = new Ground(`${vectors.maps[map].join("\n")}\n`);
    let [x, y, vx, vy, aim, ready] = start;
    let body = { x, y, vx, vy, aim, ready };
    actions.forEach(([go, at, fire], n) => {
      body = step(ground, body, { go, aim: at, fire }, n + 1, reload);
      assert.deepEqual([body.x, body.y, body.vx, body.vy, body.aim, body.ready, Number(body.fires)], states[n], `${map}, tick ${n + 1}`);
    });
  }
});
