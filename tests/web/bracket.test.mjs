// A tournament's page takes changes in and sorts its table as the server does: see docs/tournaments.md.

import assert from "node:assert/strict";
import test from "node:test";

import { ordered, roundName, taken } from "../../web/bracket.js";

const line = (seed, points, buchholz, sonneborn_berger, won = 0) => ({ seed, points, buchholz, sonneborn_berger, won });
const seeds = (view) => ordered(view).map(({ seed }) => seed);

test("a table is sorted by points, then ties, then the better seed", () => {
  const table = [line(1, 2, 3, 9), line(2, 2, 5, 1), line(3, 4, 0, 0), line(4, 2, 3, 9), line(5, 2, 3, 9, 1)];
  assert.deepEqual(seeds({ format: "swiss", table }), [3, 2, 5, 1, 4]);
  assert.deepEqual(seeds({ format: "round_robin", table }), [3, 5, 1, 4, 2]);
});

test("what a change names replaces what was there, and the rest stays", () => {
  const view = { phase: "registration", players: [{ account: "a", seed: null }, { account: "b", seed: null }], pairings: [{ pairing: 0, state: "waiting" }], table: null };
  const next = taken(view, { phase: "running", players: [{ account: "c", seed: 1 }], gone: ["a"], pairings: [{ pairing: 1, state: "playing" }], table: [line(1, 0, 0, 0)] });
  assert.deepEqual(next.players.map(({ account }) => account), ["c", "b"]);
  assert.deepEqual(next.pairings.map(({ state }) => state), ["waiting", "playing"]);
  assert.deepEqual([next.phase, next.table.length, view.pairings.length], ["running", 1, 1]);
  const after = taken(next, { phase: "running", players: [], gone: [], pairings: [], table: [line(1, 2, 0, 0)] });
  assert.deepEqual(after.table.map(({ points }) => points), [2]);
});

test("rounds of an elimination are named from its end", () => {
  const names = (rounds) => Array.from({ length: rounds }, (_, n) => roundName({ format: "elimination", rounds }, n + 1));
  assert.deepEqual(names(4), ["Round 1", "Quarterfinals", "Semifinals", "Final"]);
  assert.equal(roundName({ format: "swiss", rounds: 3 }, 3), "Round 3");
});
