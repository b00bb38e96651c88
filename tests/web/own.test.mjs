// A whole match as the page has it: its own avatar ahead, the others, what happens. See domain/tests/page.rs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { AvatarRules, Ground, RULES } from "../../web/game/arena.js";
import { ClientPeer } from "../../web/game/client.js";
import { Own } from "../../web/game/own.js";
import { placeOf, read } from "../../web/game/scene.js";
import { Schema } from "../../web/game/schema.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (list) => [...list].map((byte) => byte.toString(16).padStart(2, "0")).join("");

test("the page is never wrong about its own avatar where nothing is lost", () => {
  const { kind, map, seat, record } = JSON.parse(readFileSync(process.env.VECTORS));
  assert.equal(kind.rules, RULES, "the page's step is that of these rules");
  const schema = new Schema(kind.schema);
  const peer = new ClientPeer(schema, 1, 0, 0);
  const own = new Own(schema, new AvatarRules(new Ground(kind.scenery[map])));
  let [lives, shots, moved, before, last] = [0, 0, 0, null, null];
  const happened = { hit: 0, kill: 0, pick: 0 };
  for (const one of record) {
    if (one.down) {
      const { tick, newest } = peer.receive(one.at, bytes(one.down));
      const lived = own.lives;
      if (newest) own.heard(tick, peer.state(tick).get(seat));
      if (!lived && own.lives) [lives, before] = [lives + 1, null];
    } else if (one.input) {
      const [go, aim, fire] = one.action;
      const action = { go, aim, fire };
      peer.pushInput(one.input, schema.packInput(action), peer.view(one.at));
      if (own.push(one.input, action)?.fires) shots += 1;
    } else {
      assert.equal(hex(peer.encode(one.at)), one.up, `at ${one.at}`);
    }
    const shown = own.shown(one.at / 1000, peer.inputTime(one.at));
    if (shown && before) {
      const way = Math.hypot(shown.x - before.x, shown.y - before.y);
      // A tick's way is 18; what is shown never jumps.
      assert.ok(way <= (18 * (one.at - last)) / 33_333 * 1.2 + 1, `${way} in ${one.at - last} us`);
      moved += way;
    }
    [before, last] = [shown, one.at];
    for (let event = peer.nextEvent(peer.world.tick); event; event = peer.nextEvent(peer.world.tick)) happened[event.kind] += 1;
  }
  assert.equal(own.corrected, 0, `${own.corrected} of ${own.compared} were wrong`);
  assert.ok(own.compared > 1000 && lives > 1 && shots > 20 && moved > 5000, `${own.compared} compared, ${lives} lives, ${shots} shots, ${moved} cm`);
  assert.ok(happened.hit > 5 && happened.kill > 1, JSON.stringify(happened));
  const scene = read(schema, kind.players_max, peer.world.entries(), new Map([[0, "Ann"]]), seat);
  assert.equal(scene.scores.length, 5);
  assert.ok(placeOf(scene.scores, seat) >= 1 && scene.scores.some((one) => one.name === "Ann"));
});
