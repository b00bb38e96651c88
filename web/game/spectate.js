// Somebody who watches a match as it is played, without a seat: a connection that is told the match's film, some
// seconds late. When it is lost another one goes on where the match is then.

import { decodeServer, encodeClient, helloOf } from "./control.js";
import { open } from "./transport.js";

/** The pauses between attempts, in ms. */
const PAUSES_MS = [0, 300, 1000, 2000, 5000];

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Watches match `id` until it is over. `reach()` asks where; `hears` is told `film(bytes, fresh)`, and `state(name)`:
 * "connecting", "live", "lost". Ends with why: "Over", "Full", …
 */
export async function spectate(schema, id, reach, hears) {
  for (let attempt = 0; ; attempt += 1) {
    hears.state(attempt === 0 ? "connecting" : "lost");
    await wait(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]);
    const [end, stood] = await once(schema, id, reach, hears).catch(() => [null, false]);
    if (end) return end;
    if (stood) attempt = 0;
  }
}

/** One connection: why it ended if that is for good, and whether it was of use. */
async function once(schema, id, reach, hears) {
  let [end, stood] = [null, false];
  let over;
  const closed = new Promise((resolve) => { over = resolve; });
  const heard = (bytes) => {
    const message = decodeServer(bytes);
    if (message.is === "Film") hears.film(message.bytes, message.fresh);
    else if (message.is === "Watching") { stood = true; hears.state("live"); }
    else if (message.is === "Refused" && message.value.is !== "Busy") end = message.value.is;
    else if (message.is === "Closed" && message.value.is !== "Stopping") end = message.value.is;
  };
  const link = await open(await reach(), { datagram() {}, control: heard, closed: over });
  link.control(encodeClient(helloOf(schema.hash, { is: "Watch", value: id })));
  await closed;
  return [end, stood];
}
