// One connection to a match: WebTransport, whose datagrams are datagrams, or a WebSocket, where that is
// missing or does not get through. Both carry the same two things: datagrams and control messages.

import { Malformed } from "./bits.js";
import { CONTROL_MARK, DATAGRAM_MARK, framed, Frames, marked } from "./control.js";

/** How long WebTransport may take to open. 2.5 s: three round trips of half a second, and a lost packet. */
const OPEN_WITHIN_MS = 2500;

/** How many bytes may wait to be sent on a WebSocket before datagrams are dropped. 8 KiB: a second of
 * inputs; what waits longer is of no use. */
const WAITING_BYTES_MAX = 8192;

/** How many datagrams may wait to be sent. 4: what is in them comes again in those behind them. */
const DATAGRAMS_WAITING = 4;

/** How long a datagram may wait to be sent, in ms. 100 ms: its inputs come again in the next three. */
const DATAGRAM_AGE_MAX_MS = 100;

/** Why WebTransport is not used, in words; null if it may be tried. */
export function unusable(reach) {
  if (!reach.webtransport) return "The server offers no WebTransport.";
  if (typeof WebTransport !== "undefined") return null;
  return globalThis.isSecureContext === false ? "Over plain HTTP browsers have no WebTransport." : "This browser has no WebTransport.";
}

/**
 * Opens a connection to `reach`: `{ webtransport, certificate_hash, websocket }`. `hears` is told
 * `datagram(bytes)`, `control(bytes)` and at last, once, `closed(why)`.
 *
 * With `insist` it is WebTransport or nothing; `without` says, in words, why it is not tried.
 *
 * The connection has `kind` ("webtransport" or "websocket"), `why` (in words: why it is a WebSocket),
 * `datagram(bytes)`, `control(body)` and `close()`.
 */
export async function open(reach, hears, { insist = false, without = null } = {}) {
  let why = without ?? unusable(reach);
  if (!why) {
    try { return await openWebTransport(reach, hears); } catch (error) {
      if (insist) throw error;
      why = "WebTransport does not get through to the server.";
    }
  }
  return openWebSocket(reach, hears, why);
}

/** Tells `hears` once, and only the first time. */
function once(hears) {
  let over = false;
  return {
    get over() { return over; },
    end(why) {
      if (over) return;
      over = true;
      hears.closed(why);
    },
  };
}

const limited = (promise, ms) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error("it took too long")), ms);
  promise.then(resolve, reject).finally(() => clearTimeout(timer));
});

async function openWebTransport(reach, hears) {
  const hash = reach.certificate_hash && Uint8Array.from(atob(reach.certificate_hash), (c) => c.charCodeAt(0));
  const session = new WebTransport(reach.webtransport, {
    congestionControl: "low-latency",
    requireUnreliable: true,
    ...(hash ? { serverCertificateHashes: [{ algorithm: "sha-256", value: hash }] } : {}),
  });
  // Before it stands nobody is told of its end; the caller tries another way.
  session.closed.catch(() => {});
  const opened = (async () => {
    await session.ready;
    return session.createBidirectionalStream();
  })();
  let stream;
  try { stream = await limited(opened, OPEN_WITHIN_MS); } catch (error) {
    opened.catch(() => {});
    try { session.close(); } catch { /* It never stood. */ }
    throw error;
  }
  const end = once(hears);
  session.closed.then(({ reason }) => end.end(reason || "closed"), () => end.end("lost"));
  const { datagrams } = session;
  [datagrams.outgoingMaxAge, datagrams.outgoingHighWaterMark] = [DATAGRAM_AGE_MAX_MS, DATAGRAMS_WAITING];
  const packets = (datagrams.createWritable?.() ?? datagrams.writable).getWriter();
  const words = stream.writable.getWriter();
  pump(datagrams.readable, (bytes) => hears.datagram(bytes), end);
  const frames = new Frames();
  pump(stream.readable, (bytes) => { for (const body of frames.push(bytes)) hears.control(body); }, end);
  return {
    kind: "webtransport",
    why: null,
    datagram(bytes) { if (!end.over && packets.desiredSize > 0) packets.write(bytes).catch(() => {}); },
    control(body) { words.write(framed(body)).catch(() => end.end("lost")); },
    close() {
      end.end("closed here");
      try { session.close(); } catch { /* It is closed. */ }
    },
  };
}

/** Hands on what `readable` brings until it ends. What cannot be read ends the connection. */
async function pump(readable, take, end) {
  const reader = readable.getReader();
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) end.end("lost");
    if (end.over) return;
    try { take(value); } catch (error) {
      end.end("unreadable");
      if (!(error instanceof Malformed)) throw error;
    }
  }
}

function openWebSocket(reach, hears, why) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(reach.websocket);
    socket.binaryType = "arraybuffer";
    const end = once(hears);
    const timer = setTimeout(() => socket.close(), 2 * OPEN_WITHIN_MS);
    const send = (mark, body) => { if (socket.readyState === WebSocket.OPEN) socket.send(marked(mark, body)); };
    socket.onopen = () => {
      clearTimeout(timer);
      resolve({
        kind: "websocket",
        why,
        datagram(bytes) { if (socket.bufferedAmount < WAITING_BYTES_MAX) send(DATAGRAM_MARK, bytes); },
        control: (body) => send(CONTROL_MARK, body),
        close() {
          end.end("closed here");
          socket.close();
        },
      });
    };
    socket.onmessage = ({ data }) => {
      if (end.over || typeof data === "string") return;
      const bytes = new Uint8Array(data);
      try {
        if (bytes[0] === DATAGRAM_MARK) hears.datagram(bytes.subarray(1));
        else if (bytes[0] === CONTROL_MARK) hears.control(bytes.subarray(1));
      } catch (error) {
        end.end("unreadable");
        socket.close();
        if (!(error instanceof Malformed)) throw error;
      }
    };
    socket.onclose = ({ reason }) => {
      clearTimeout(timer);
      end.end(reason || "lost");
      reject(new Error("the server cannot be reached"));
    };
  });
}
