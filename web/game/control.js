// The messages on a match's reliable stream: entry, lobby, start, end. Each is a length (four bytes, the
// lowest first) and so many bytes of the codec; on a WebSocket a first byte tells them from datagrams instead.

import { Malformed } from "./bits.js";
import { bare, bool, choice, CONTROL_BYTES_MAX, decode, encode, i64, list, nothing, option, raw, string, struct, u16, u32, u8 } from "./codec.js";

/** The first byte of each message where a transport carries both. */
export const DATAGRAM_MARK = 0;
export const CONTROL_MARK = 1;

/** The versions of the game protocol that this page speaks. */
export const VERSIONS = { oldest: 1, newest: 1 };

const entry = choice({ Ticket: bare(string), Resume: bare(string), Watch: bare(string) });
const hello = struct({ oldest: u16, newest: u16, schema_hash: u32, entry });

const client = choice({ Hello: hello, Ready: bare(bool), Start: nothing, Leave: nothing });

const bounds = struct({ datagram_bytes: u16, input_ahead_ticks: u8, reconnect_ms: u32 });
const welcome = struct({ version: u16, seat: u16, tick_hz: u16, epoch: u8, server_tick: u32, schema_hash: u32, resume: string, limits: bounds });
const player = struct({ seat: u16, name: string, ready: bool, present: bool });
const lobby = struct({ host: option(u16), players: list(player) });
const standing = struct({ seat: u16, name: string, place: u16, score: i64 });
const results = struct({ void: bool, tick: u32, standings: list(standing) });

const refused = choice({ Version: struct({ oldest: u16, newest: u16 }), Schema: nothing, Entry: nothing, Full: nothing, Over: nothing, Busy: nothing, Malformed: nothing });
const closed = choice({ Left: nothing, Replaced: nothing, Over: nothing, Stopping: nothing, Away: nothing, Malformed: nothing, Removed: nothing });

const server = choice({
  Welcome: welcome, Lobby: lobby, Countdown: bare(option(u32)), Begun: struct({ tick: u32 }), Epoch: struct({ epoch: u8, tick: u32 }),
  Concluded: results, Refused: bare(refused), Closed: bare(closed),
  Watching: struct({ version: u16, tick_hz: u16, delay_ms: u32 }), Film: struct({ fresh: bool, bytes: raw }),
});

/** A message of the client, `{ is: "Hello", … }`, as bytes of the codec. */
export const encodeClient = (message) => encode(client, message);
/** A message of the server; throws `Malformed`. */
export const decodeServer = (bytes) => decode(server, bytes);
/** The other way round, for tests. */
export const decodeClient = (bytes) => decode(client, bytes);
export const encodeServer = (message) => encode(server, message);

/** The first message: who comes, by `{ is: "Ticket" | "Resume" | "Watch", value }`. */
export const helloOf = (schemaHash, by) => ({ is: "Hello", ...VERSIONS, schema_hash: schemaHash, entry: by });

/** `body` with its length before it, as a stream carries it. */
export function framed(body) {
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length, true);
  bytes.set(body, 4);
  return bytes;
}

/** `body` with `mark` before it, as a WebSocket carries it. */
export function marked(mark, body) {
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = mark;
  bytes.set(body, 1);
  return bytes;
}

/** A stream's bytes, taken apart into messages. */
export class Frames {
  #waiting = new Uint8Array(0);

  /** The whole messages that are there with these bytes; throws `Malformed` at a length past the bound. */
  push(bytes) {
    const all = new Uint8Array(this.#waiting.length + bytes.length);
    all.set(this.#waiting);
    all.set(bytes, this.#waiting.length);
    const view = new DataView(all.buffer);
    const messages = [];
    let at = 0;
    while (all.length - at >= 4) {
      const length = view.getUint32(at, true);
      if (length > CONTROL_BYTES_MAX) throw new Malformed("long");
      if (all.length - at - 4 < length) break;
      messages.push(all.slice(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#waiting = all.slice(at);
    return messages;
  }
}
