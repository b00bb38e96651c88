// The voter's half of a secret ballot: RFC 9474, RSABSSA-SHA384-PSS-Randomized. The server signs
// what it cannot read; what is cast later cannot be told from any other ballot.

const HASH = 48;
const TOKEN = 64;

const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const number = (bytes) => bytes.reduce((n, byte) => (n << 8n) | BigInt(byte), 0n);
const sha384 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));

function bytes(n, length) {
  const all = new Uint8Array(length);
  for (let at = length - 1; at >= 0; at -= 1) { all[at] = Number(n & 255n); n >>= 8n; }
  return all;
}

export function read64(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

export function write64(all) {
  return btoa(String.fromCharCode(...all)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (let b = base % modulus; exponent > 0n; exponent >>= 1n, b = (b * b) % modulus) {
    if (exponent & 1n) result = (result * b) % modulus;
  }
  return result;
}

/** The inverse by Euclid's algorithm; null if there is none. */
function inverse(value, modulus) {
  let [r, next, x, y] = [modulus, value % modulus, 0n, 1n];
  while (next > 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [x, y] = [y, x - quotient * y];
  }
  return r === 1n ? ((x % modulus) + modulus) % modulus : null;
}

/** EMSA-PSS (RFC 8017, 9.1.1) with SHA-384, MGF1 and a salt as long as the hash. */
async function padded(message, salt, bits) {
  const length = Math.ceil((bits - 1) / 8);
  const hash = await sha384(join(new Uint8Array(8), await sha384(message), salt));
  const block = join(new Uint8Array(length - 2 * HASH - 2), [1], salt);
  for (let at = 0, counter = 0; at < block.length; at += HASH, counter += 1) {
    const mask = await sha384(join(hash, bytes(BigInt(counter), 4)));
    for (let n = 0; n < HASH && at + n < block.length; n += 1) block[at + n] ^= mask[n];
  }
  block[0] &= 0xff >> (8 * length - (bits - 1));
  return join(block, hash, [0xbc]);
}

/** True if this page may use what a ballot needs: browsers ask for HTTPS, or this computer's own address. */
export const possible = () => Boolean(crypto.subtle);

async function read(ballotKey) {
  const scheme = { name: "RSA-PSS", hash: "SHA-384" };
  const key = await crypto.subtle.importKey("spki", read64(ballotKey), scheme, true, ["verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", key);
  const [modulus, e] = [read64(jwk.n), number(read64(jwk.e))];
  return { key, e, n: number(modulus), length: modulus.length };
}

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Where a ballot's bytes come from. Only a test with known answers gives others than these. */
const CHANCE = { token: () => random(TOKEN), salt: () => random(HASH), factor: random };

/** Draws a ballot: what the server is to sign (`blinded`), and what only this browser knows. Keep it:
 * the same `blinded` is signed again, another one never. */
export async function draw(ballotKey, chance = CHANCE) {
  const { e, n, length } = await read(ballotKey);
  const token = chance.token();
  const salt = chance.salt();
  const message = number(await padded(token, salt, n.toString(2).length));
  let factor;
  let back = null;
  while (back === null) {
    // Drawn anew rather than reduced: what is too large would make small factors more likely, and tell.
    factor = number(chance.factor(length));
    back = factor < n ? inverse(factor, n) : null;
  }
  const blinded = bytes((message * power(factor, e, n)) % n, length);
  return { token: write64(token), blinded: write64(blinded), back: write64(bytes(back, length)) };
}

/** The ballot that `drawn` becomes by the server's `signature`, ready to be cast without a name. */
export async function finish(ballotKey, drawn, signature) {
  const { key, n, length } = await read(ballotKey);
  const signed = bytes((number(read64(signature)) * number(read64(drawn.back))) % n, length);
  const pss = { name: "RSA-PSS", saltLength: HASH };
  if (!(await crypto.subtle.verify(pss, key, signed, read64(drawn.token)))) throw new Error("the server's signature is not good");
  return { token: drawn.token, signature: write64(signed) };
}
