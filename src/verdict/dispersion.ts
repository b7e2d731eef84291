/** How much burstier than Poisson a baseline is: of one stream, and pooled over a family of streams. */
import { blocksOf, dispersionOfBlocks } from "./evalue.ts";
import { sum } from "./windows.ts";

const BLOCK_LENGTHS = [1, 5, 15, 60] as const;
const MIN_BLOCKS = 8;
const SPARSE = 10;

interface Blocks {
  readonly amounts: readonly number[];
  /** Whether so many of them have exposure that their spread says something. */
  readonly areEnough: boolean;
}

/** The exposure of a baseline per minute; its sums are made once for all streams over it, and when they are first needed. */
export class Exposure {
  readonly total: number;
  readonly #minutes: readonly number[];
  readonly #blocks = new Map<number, Blocks>();

  constructor(minutes: readonly number[]) {
    this.#minutes = minutes;
    this.total = sum(minutes);
  }

  blocks(length: number): Blocks {
    const known = this.#blocks.get(length);
    if (known !== undefined) return known;
    const amounts = blocksOf(this.#minutes, length);
    const blocks = { amounts, areEnough: amounts.filter((amount) => amount > 0).length >= MIN_BLOCKS };
    this.#blocks.set(length, blocks);
    return blocks;
  }
}

/** One stream's baseline: errors per minute, and the exposure that it shares with others. */
export interface BaselineMinutes {
  readonly errors: readonly number[];
  readonly exposure: Exposure;
}

/** phi for a candidate window of `minutes`: no block longer than the window counts. `pool` steadies sparse streams. */
export type Dispersion = (minutes: number) => number;

export function dispersionOf(baseline: BaselineMinutes, pool: number | undefined): Dispersion {
  const total = sum(baseline.errors);
  const floor = total < SPARSE ? (pool ?? 1) : 1;
  // Without a single error nothing was learnt about burstiness: the prior stands, whatever the number of blocks.
  if (total === 0) return () => Math.max(1.5, floor);
  // Growing, as the window does that is asked for: a stream that is never tested costs nothing.
  const known: number[] = [];
  return (minutes) => {
    const counted = BLOCK_LENGTHS.filter((length) => length <= Math.max(1, minutes));
    for (const length of counted.slice(known.length)) {
      known.push(baseline.exposure.blocks(length).areEnough ? ofLength(baseline, length) : floor);
    }
    return Math.max(floor, ...known.slice(0, counted.length));
  };
}

/** Event-weighted mean of phi_5 over the streams of a family, at least 1.5. */
export function pooledDispersion(family: readonly BaselineMinutes[]): number {
  let weighted = 0;
  let events = 0;
  for (const baseline of family) {
    const total = sum(baseline.errors);
    if (total === 0) continue;
    weighted += total * ofLength(baseline, 5);
    events += total;
  }
  return events === 0 ? 1.5 : Math.max(1.5, weighted / events);
}

function ofLength({ errors, exposure }: BaselineMinutes, length: number): number {
  return dispersionOfBlocks(blocksOf(errors, length), exposure.blocks(length).amounts);
}
