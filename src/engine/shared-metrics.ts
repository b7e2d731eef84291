/** The metrics for many askers: what is asked for in the same moment, and differs by service only, is one read. Keeps nothing. */
import type { Instant } from "../model/time.ts";
import type { Metrics, RequestCount, Served } from "../ports/metrics.ts";
import { AskedTogether } from "./asked-together.ts";

/** An answer has 100,000 points: a day of two revisions with five classes of statuses is 14,400 of them. */
const MOST_TOGETHER = 25;

interface Question extends Served {
  readonly since: Instant;
  readonly until: Instant;
}

export function sharingMetrics(metrics: Metrics): Metrics {
  const counts = new AskedTogether<Question, readonly RequestCount[]>({
    kindOf,
    alone: ({ target, since, until }, signal) => metrics.requestCounts(target, since, until, signal),
    together: (questions, signal) => {
      const [{ since, until }] = questions;
      const targets = questions.map(({ target }) => target);
      return metrics.requestCountsTogether?.(targets, since, until, signal);
    },
    most: MOST_TOGETHER,
  });
  const latencies = new AskedTogether<Question, number | "unknown">({
    kindOf,
    alone: ({ target, since, until, revision }, signal) => metrics.latencyP95(target, since, until, revision, signal),
    together: (questions, signal) => {
      const [{ since, until }] = questions;
      return metrics.latencyP95Together?.(questions, since, until, signal);
    },
    most: MOST_TOGETHER,
  });
  return {
    query: (query, signal) => metrics.query(query, signal),
    requestCounts: (target, since, until, signal) => counts.ask({ target, since, until }, signal),
    latencyP95: (target, since, until, revision, signal) => latencies.ask({ target, since, until, revision }, signal),
  };
}

/** Of all revisions, and of one, are different questions. */
function kindOf({ target, since, until, revision }: Question): string {
  return JSON.stringify([target.project, since, until, revision !== undefined]);
}
