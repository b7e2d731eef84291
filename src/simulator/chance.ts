/** Chance that is a function of its place instead of a sequence: the same place always gives the same number. */
import { hash } from "./world.ts";

/** Uniform in [0, 1), fixed by seed, subject, purpose and the two numbers. */
export function chanceOf(seed: number, subject: string): (purpose: string, first: number, second: number) => number {
  const bases = new Map<string, number>();
  return (purpose, first, second) => {
    let base = bases.get(purpose);
    if (base === undefined) {
      base = hash(`${seed}/${subject}/${purpose}`);
      bases.set(purpose, base);
    }
    // `first` may be larger than 32 bits (epoch milliseconds): fold both halves in.
    const folded = mixed(base ^ mixed((first >>> 0) + Math.floor(first / 4_294_967_296) * 0x9e3779b9));
    return (mixed(folded + Math.imul(second + 1, 0x6d2b79f5)) >>> 0) / 4_294_967_296;
  };
}

/** The finaliser of murmur3. */
function mixed(value: number): number {
  let one = value | 0;
  one = Math.imul(one ^ (one >>> 16), 0x85ebca6b);
  one = Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
  return one ^ (one >>> 16);
}
