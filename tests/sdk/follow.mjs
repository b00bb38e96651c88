// Follows one channel with the official JavaScript SDK and says on stdout, one JSON line each, what
// the SDK says. On stdin, one JSON line each: {"do":"follow","url","token","channel","since"},
// {"do":"lose"} cuts the socket as a lost network would, {"do":"rpc","method","data"}.

import { createInterface } from 'node:readline';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';

const say = (what, more = {}) => process.stdout.write(JSON.stringify({ what, ...more }) + '\n');
let socket = null;
class Watched extends WebSocket {
  constructor(...given) { super(...given); socket = this; }
}
let client = null;

const orders = {
  follow({ url, token, channel, since }) {
    client = new Centrifuge(url, { token, websocket: Watched, minReconnectDelay: 50, maxReconnectDelay: 300 });
    client.on('connected', () => say('connected'));
    client.on('connecting', c => say('connecting', { code: c.code }));
    client.on('disconnected', c => say('disconnected', { code: c.code }));
    const options = { minResubscribeDelay: 50, maxResubscribeDelay: 300 };
    if (since) options.since = since;
    const sub = client.newSubscription(channel, options);
    sub.on('subscribed', c => say('subscribed', {
      recovered: c.recovered, was_recovering: c.wasRecovering, position: c.streamPosition, data: c.data ?? null,
    }));
    sub.on('publication', c => say('publication', { offset: c.offset, data: c.data }));
    sub.on('unsubscribed', c => say('unsubscribed', { code: c.code }));
    sub.subscribe();
    client.connect();
  },
  lose() { socket.terminate(); },
  async rpc({ method, data }) {
    try {
      say('answer', { data: (await client.rpc(method, data)).data });
    } catch (error) {
      say('refused', { code: error.code, message: error.message });
    }
  },
};

createInterface({ input: process.stdin })
  .on('line', line => { const order = JSON.parse(line); orders[order.do](order); })
  .on('close', () => process.exit(0));
