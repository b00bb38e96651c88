// The page finds the cells of snakes as the server does: see domain/tests/bodies.rs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { bendOf, cellsOf, headOf, slotsOf } from "../../web/game/snakes.js";

const { size, seats, scores, food, states } = JSON.parse(readFileSync(process.env.VECTORS));

test("slots are those of the schema", () => {
  const slots = slotsOf(seats);
  assert.deepEqual([slots.scores, slots.food], [scores, food]);
});

test("every snake has the cells that the server has", () => {
  let [longest, compared] = [0, 0];
  for (const { tick, entities, bodies } of states) {
    const table = new Map(entities.map(([slot, fields]) => [slot, { fields }]));
    for (const { seat, cells } of bodies) {
      const [vx, vy, x, y, length, newest] = table.get(seat).fields;
      const head = { vx, vy, x, y, length, newest };
      const bend = (n) => bendOf((slot) => table.get(slot), slotsOf(seats).coils, seat, n);
      assert.deepEqual(cellsOf(head, tick, size, bend), cells, `seat ${seat} at ${tick}`);
      assert.deepEqual(headOf(head, tick, size), cells[0]);
      [longest, compared] = [Math.max(longest, cells.length), compared + 1];
    }
  }
  assert.ok(longest > 15 && compared > 20, `${compared} compared, the longest has ${longest}`);
});
