/** Which log entries were counted already, by (logName, timestamp, insertId), in bounded memory. Keeps no text. */

const FIRST_CAPACITY = 1_024;

/**
 * Two generations of 64-bit hashes: exact (up to hash collisions, 1 in 10^7 for a million entries) for entries in any order
 * while there are at most `capacity` of them; beyond that, a repetition is noticed for at least `capacity` entries.
 */
export class SeenEntries {
  readonly #capacity: number;
  #young = new HashTable(FIRST_CAPACITY);
  #old: HashTable | undefined;
  #logName = "";
  #logHash: readonly [number, number] = [0, 0];

  constructor(capacity = 1 << 19) {
    this.#capacity = capacity;
  }

  /** True the first time. An entry without an insertId has no identity and is always new. */
  isNew(logName: string, timestamp: string, insertId: string): boolean {
    if (insertId === "") return true;
    if (logName !== this.#logName) {
      this.#logName = logName;
      this.#logHash = [hash(logName, 0x811c9dc5), hash(logName, 0x01000193)];
    }
    // 0 marks a free slot.
    const high = hash(timestamp, hash(insertId, this.#logHash[0])) || 1;
    const low = hash(timestamp, hash(insertId, this.#logHash[1]));
    if (this.#old?.has(high, low) === true || !this.#young.add(high, low)) return false;
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new HashTable(this.#capacity);
    } else if (this.#young.isFull) {
      this.#young = this.#young.doubled();
    }
    return true;
  }
}

/** Open addressing with linear probing, at most half full. */
class HashTable {
  readonly #mask: number;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  size = 0;

  constructor(capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * capacity));
    this.#mask = slots - 1;
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
  }

  get isFull(): boolean {
    return 2 * this.size > this.#mask;
  }

  has(high: number, low: number): boolean {
    return this.#high[this.#slotOf(high, low)] !== 0;
  }

  /** False when it was there already. */
  add(high: number, low: number): boolean {
    const slot = this.#slotOf(high, low);
    if (this.#high[slot] !== 0) return false;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.size += 1;
    return true;
  }

  doubled(): HashTable {
    const larger = new HashTable(this.#high.length);
    for (const [slot, high] of this.#high.entries()) {
      if (high !== 0) larger.add(high, this.#low[slot] ?? 0);
    }
    return larger;
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOf(high: number, low: number): number {
    let slot = (high ^ low) & this.#mask;
    while (this.#high[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }
}

/** FNV-1a from a given state, with a final mix, as an unsigned 32-bit number. */
function hash(text: string, state: number): number {
  let value = state;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
