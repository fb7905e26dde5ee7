import { hash } from 'node:crypto';

const FIRST_CAPACITY = 1_024;

/**
 * A set of texts that stores an 8-byte hash of each, with open addressing. For 100,000 texts, the probability of a
 * collision is 3 in 10,000,000,000.
 */
export class Fingerprints {
  #slots = new BigUint64Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns false when it was there already */
  add(text: string): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const print = fingerprintOf(text);
    const index = slotOf(this.#slots, print);
    if (this.#slots[index] === print) return false;
    this.#slots[index] = print;
    this.#size += 1;
    return true;
  }

  has(text: string): boolean {
    const print = fingerprintOf(text);
    return this.#slots[slotOf(this.#slots, print)] === print;
  }

  #grow(): void {
    const larger = new BigUint64Array(this.#slots.length * 2);
    for (const print of this.#slots) if (print !== 0n) larger[slotOf(larger, print)] = print;
    this.#slots = larger;
  }
}

/** Not 0, which marks a free slot. */
function fingerprintOf(text: string): bigint {
  return hash('sha1', text, 'buffer').readBigUInt64LE() || 1n;
}

/** The slot of the fingerprint, or a free slot for it. */
function slotOf(slots: BigUint64Array, print: bigint): number {
  const mask = slots.length - 1;
  let index = Number(print & BigInt(mask));
  while (slots[index] !== 0n && slots[index] !== print) index = (index + 1) & mask;
  return index;
}
