// The page of the guide's game, with as much of a browser around it as it asks for: see domain/tests/own_game.rs.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const { schema: json, told, coins, page } = JSON.parse(readFileSync(process.env.VECTORS));
const web = join(dirname(fileURLToPath(import.meta.url)), "../../web");

const pen = new Proxy({}, { get: (at, name) => at[name] ?? (() => {}), set: (at, name, value) => { at[name] = value; return true; } });
const element = () => {
  const hears = {};
  return {
    hears, style: {}, children: [], clientWidth: 300, clientHeight: 200,
    setAttribute() {}, remove() {}, getContext: () => pen,
    append(...more) { this.children.push(...more); },
    appendChild(one) { this.children.push(one); return one; },
    addEventListener(name, hear) { hears[name] = hear; },
  };
};
Object.assign(globalThis, {
  document: { createElement: element, documentElement: element(), body: element(), addEventListener() {} },
  getComputedStyle: () => ({ color: "#123" }), matchMedia: () => ({ addEventListener() {} }),
  ResizeObserver: class { observe() {} }, devicePixelRatio: 1, localStorage: { getItem: () => null },
  location: { pathname: "/", search: "" },
});

test("it shows what is told, and says what its player does", async (t) => {
  // As it is once it is put where the guide says.
  const there = mkdtempSync(join(tmpdir(), "own-game-"));
  t.after(() => rmSync(there, { recursive: true }));
  mkdirSync(join(there, "games"));
  copyFileSync(page, join(there, "games/gather.js"));
  writeFileSync(join(there, "package.json"), '{ "type": "module" }');
  symlinkSync(join(web, "game"), join(there, "game"));
  const game = await import(pathToFileURL(join(there, "games/gather.js")));
  const { Schema } = await import(pathToFileURL(join(web, "game/schema.js")));
  for (const name of ["title", "about", "seats", "fields", "columns", "keys"]) assert.ok(game[name], name);
  const schema = new Schema(json);
  const stage = element();
  const view = new game.View({ stage, schema, names: new Map([[0, "Ann"]]), seat: 1, settings: {}, kind: {} });
  view.show({ entries: () => told });
  assert.deepEqual(view.scores(), coins.map((coins, seat) => ({ seat, cells: [coins] })));
  assert.equal(view.words(), `You have ${coins[1]} of 10 coins.`);
  const [canvas] = stage.children;
  const press = (name, code) => canvas.hears[name]({ code, preventDefault() {} });
  assert.deepEqual(schema.unpackInput(schema.packInput(view.action())), { dx: 0, dy: 0 });
  press("keydown", "ArrowLeft");
  press("keydown", "KeyS");
  assert.deepEqual(schema.unpackInput(schema.packInput(view.action())), { dx: -1, dy: 1 });
  press("keyup", "ArrowLeft");
  assert.deepEqual(schema.unpackInput(schema.packInput(view.action())), { dx: 0, dy: 1 });
});
