/** Chance from the machine's own source; jitter may come from a seed, so that a rehearsal can be repeated. */
import { randomBytes, randomInt } from "node:crypto";
import { hostname } from "node:os";
import type { Ids } from "../ports/ids.ts";

/** Without letters and digits that are mistaken for each other. */
const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";

/** `seed`: of `random` only. Run ids and owners must be unique whatever is repeated. */
export function createIds(seed?: number): Ids {
  const owner = `${hostname()}/${process.pid}/${token(6)}`;
  return {
    run: (now) => `${now.slice(0, 10).replaceAll("-", "")}-${now.slice(11, 16).replace(":", "")}-${token(4)}`,
    owner: () => owner,
    random: seed === undefined ? () => randomBytes(4).readUInt32BE() / 2 ** 32 : seeded(seed),
  };
}

/** mulberry32: small, and good enough for jitter. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const first = Math.imul(state ^ (state >>> 15), state | 1);
    const second = first ^ (first + Math.imul(first ^ (first >>> 7), first | 61));
    return ((second ^ (second >>> 14)) >>> 0) / 2 ** 32;
  };
}

function token(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
