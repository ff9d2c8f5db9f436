// SHA-256 by FIPS 180-4. The browser's own is faster but exists only in secure contexts; this one serves pages that are
// read over plain http from another machine.

const K = new Uint32Array(64);
const INITIAL = new Uint32Array(8);

// The constants are the first 32 bits of the fractional parts of cube and square roots of the first primes.
(() => {
  let found = 0;
  for (let n = 2; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) INITIAL[found] = (Math.sqrt(n) % 1) * 2 ** 32;
    K[found++] = (Math.cbrt(n) % 1) * 2 ** 32;
  }
})();

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n));

function compress(h: Uint32Array, w: Uint32Array) {
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15];
    const b = w[i - 2];
    w[i] =
      w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, last] = h;
  for (let i = 0; i < 64; i++) {
    const t1 = (last + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [last, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, last].forEach((v, i) => (h[i] += v));
}

/** A digest that takes bytes piece by piece. Every piece but the last has to be a multiple of 64 bytes. */
export class Sha256 {
  #h = INITIAL.slice();
  #w = new Uint32Array(64);
  #length = 0;

  add(bytes: Uint8Array) {
    this.#length += bytes.length;
    const whole = bytes.length - (bytes.length % 64);
    this.#blocks(bytes.subarray(0, whole));
    return bytes.subarray(whole);
  }

  /** Adds the last piece. Returns the digest as 64 hexadecimal digits. */
  end(last: Uint8Array): string {
    const rest = this.add(last);
    const tail = new Uint8Array(rest.length < 56 ? 64 : 128);
    tail.set(rest);
    tail[rest.length] = 0x80;
    const length = new DataView(tail.buffer);
    length.setUint32(tail.length - 8, Math.floor(this.#length / 2 ** 29));
    length.setUint32(tail.length - 4, (this.#length * 8) >>> 0);
    this.#blocks(tail);
    return Array.from(this.#h, (v) => v.toString(16).padStart(8, "0")).join("");
  }

  #blocks(part: Uint8Array) {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    for (let at = 0; at < part.length; at += 64) {
      for (let i = 0; i < 16; i++) this.#w[i] = view.getUint32(at + 4 * i);
      compress(this.#h, this.#w);
    }
  }
}

/** The digest of `bytes` as 64 hexadecimal digits. */
export const sha256 = (bytes: Uint8Array) => new Sha256().end(bytes);

const PIECE = 2 ** 24;

/** The digest of a file that may be too large for memory. It is read in pieces of this many bytes, a multiple of 64. */
export async function digestOfFile(file: Blob, piece = PIECE): Promise<string> {
  const hash = new Sha256();
  const read = async (at: number) => new Uint8Array(await file.slice(at, at + piece).arrayBuffer());
  let at = 0;
  for (; at + piece < file.size; at += piece) hash.add(await read(at));
  return hash.end(await read(at));
}

/** The same digest, by the browser where it offers one. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle) return sha256(bytes);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (v) => v.toString(16).padStart(2, "0")).join("");
}
