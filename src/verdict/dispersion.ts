/** How much burstier than Poisson a baseline is: of one stream, and pooled over a family of streams. */
import { blocksOf, dispersionOfBlocks } from "./evalue.ts";
import { sum } from "./windows.ts";

const BLOCK_LENGTHS = [1, 5, 15, 60] as const;
const MIN_BLOCKS = 8;
const SPARSE = 10;

/** Per-minute errors and exposure of one stream's baseline. */
export interface BaselineMinutes {
  readonly errors: readonly number[];
  readonly exposure: readonly number[];
}

/** phi for a candidate window of `minutes`: no block longer than the window counts. `pool` steadies sparse streams. */
export type Dispersion = (minutes: number) => number;

export function dispersionOf(baseline: BaselineMinutes, pool: number | undefined): Dispersion {
  const total = sum(baseline.errors);
  const floor = total < SPARSE ? (pool ?? 1) : 1;
  const byLength = BLOCK_LENGTHS.filter((length) => countedBlocks(baseline, length) >= MIN_BLOCKS).map(
    (length) => [length, ofLength(baseline, length)] as const,
  );
  // Without a single error nothing was learnt about burstiness: the prior stands, whatever the number of blocks.
  const least = total === 0 ? Math.max(1.5, floor) : floor;
  return (minutes) =>
    Math.max(least, ...byLength.filter(([length]) => length <= Math.max(1, minutes)).map(([, phi]) => phi));
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
  return dispersionOfBlocks(blocksOf(errors, length), blocksOf(exposure, length));
}

function countedBlocks({ exposure }: BaselineMinutes, length: number): number {
  return blocksOf(exposure, length).filter((amount) => amount > 0).length;
}
