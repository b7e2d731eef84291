/** Chance from the machine's own source. */
import { randomBytes, randomInt } from "node:crypto";
import { hostname } from "node:os";
import type { Ids } from "../ports/ids.ts";

/** Without letters and digits that are mistaken for each other. */
const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";

export function createIds(): Ids {
  const owner = `${hostname()}/${process.pid}/${token(6)}`;
  return {
    run: (now) => `${now.slice(0, 10).replaceAll("-", "")}-${now.slice(11, 16).replace(":", "")}-${token(4)}`,
    owner: () => owner,
    random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
  };
}

function token(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
