// Bits in and out of bytes, the lowest bit of each byte first.

/** The most bits that are read or written at once as a number. */
export const BITS_AT_ONCE = 32;

/** A datagram or message that cannot be read; `code` says in a word why. */
export class Malformed extends Error {
  constructor(code) {
    super(`cannot be read: ${code}`);
    this.code = code;
  }
}

/** Writes bits into a buffer of its own, which grows. */
export class BitWriter {
  #bytes = new Uint8Array(256);
  #at = 0;

  /** Writes the lowest `bits` of `value`, a number: up to 32. */
  write(value, bits) {
    const end = this.#at + bits;
    if (end > this.#bytes.length * 8) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, (end + 7) >> 3));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    let rest = value >>> 0;
    let left = bits;
    while (left > 0) {
      const within = this.#at & 7;
      const now = Math.min(8 - within, left);
      this.#bytes[this.#at >> 3] |= (rest & ((1 << now) - 1)) << within;
      rest >>>= now;
      this.#at += now;
      left -= now;
    }
  }

  flag(set) { this.write(set ? 1 : 0, 1); }

  /** How many bits were written. */
  get bits() { return this.#at; }

  /** The bytes, the last one filled up with zeros. */
  finish() { return this.#bytes.slice(0, (this.#at + 7) >> 3); }
}

/** Reads the bits of `bytes`. */
export class BitReader {
  #bytes;
  #at = 0;

  constructor(bytes) { this.#bytes = bytes; }

  /** How many bits are left. */
  get left() { return this.#bytes.length * 8 - this.#at; }

  /** Reads so many bits as a number: up to 32. */
  read(bits) {
    if (this.left < bits) throw new Malformed("short");
    let value = 0;
    let done = 0;
    while (done < bits) {
      const within = this.#at & 7;
      const now = Math.min(8 - within, bits - done);
      value |= ((this.#bytes[this.#at >> 3] >> within) & ((1 << now) - 1)) << done;
      this.#at += now;
      done += now;
    }
    return value >>> 0;
  }

  flag() { return this.read(1) === 1; }

  /** Ends the reading: less than a byte is left, and it is zeros. */
  finish() {
    const { left } = this;
    if (left >= 8 || this.read(left) !== 0) throw new Malformed("left_over");
  }
}
