/** Hostile strings in every place of every comment, rendered as GitHub renders it. */
import { describe, expect, test } from "vitest";
import { progressOf } from "../../src/model/progress.ts";
import { plainLine } from "../../src/reporters/escape.ts";
import { commentBodies, postsOf } from "../../src/reporters/posts.ts";
import { Stream, badRun, deployed, seedRun } from "../support/events.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";
import { poisoned } from "../support/poison.ts";
import { renderedComment } from "../support/rendered-comment.ts";

/** What the report itself links to: its own repository and the cloud's console. */
const HOMES = ["https://github.com/BasedHardware/omi/", "https://console.cloud.google.com/"];

/** In a round each place has another string; after all rounds every string has been in every place. */
const ROUNDS = HOSTILE.map((_, index) => index).filter((index) =>
  process.env["RUNBOOK_HOSTILE"] === "full" ? true : index % 25 === 0,
);

function stoppedRun(): Stream {
  return deployed()
    .add("04:24:30", { type: "item-skipped", item: "step:pusher-rollout", because: "x" })
    .add("04:24:31", {
      type: "item-failed",
      item: "step:pusher-rollout",
      failure: { what: "x", state: "x", next: "x" },
    })
    .add("04:24:32", { type: "service-superseded", service: "listen", expected: "x", serving: "x" })
    .add("04:24:41", { type: "run-finished", outcome: "stopped", because: "x", halfDone: ["x", "y"] });
}

const RUNS = { good: seedRun("20m"), bad: badRun(), stopped: stoppedRun() };

/** Counts the places, and gives each the next string from `first` on. */
function strings(
  first: number,
  form: (text: string, place: number) => string,
): { next: () => string; readonly count: number } {
  let count = 0;
  return {
    next: () => form(HOSTILE[(first + count++) % HOSTILE.length]?.text ?? "", count),
    get count() {
      return count;
    },
  };
}

function plainWords(): () => string {
  let count = 0;
  return () => `plain words ${count++}`;
}

/** Alone, where anything is left to show, and in a sentence. */
const FORMS = [
  (text: string, place: number) => (plainLine(text) === "" ? `nothing ${place}` : text),
  (text: string) => `told ${text} so`,
];

describe.each(Object.entries(RUNS))("the comments of a run: %s", (_name, { events }) => {
  const plain = new Map(
    commentBodies(progressOf(poisoned(events, plainWords()))).map(({ key, body }) => [
      key,
      renderedComment(body, HOMES).skeleton,
    ]),
  );
  const places = strings(0, String);
  poisoned(events, places.next);
  const title = `${plain.size} comments of ${places.count} free texts, ${HOSTILE.length} strings, ${ROUNDS.length} rounds of two forms: as the report made them`;

  test(title, { timeout: 3_600_000 }, () => {
    const fallen = ROUNDS.flatMap((round) =>
      FORMS.flatMap((form) =>
        commentBodies(progressOf(poisoned(events, strings(round, form).next))).flatMap(({ key, body }) => {
          const { skeleton, dangers } = renderedComment(body, HOMES);
          return [
            ...dangers,
            ...(skeleton === plain.get(key) ? [] : ["another structure"]),
            ...(Array.from(body).length <= 60_000 ? [] : ["too long"]),
          ].map((danger) => `round ${round}, ${key}: ${danger}`);
        }),
      ),
    );
    expect(fallen.slice(0, 20)).toEqual([]);
  });
});

test(`${HOSTILE.length} strings in commit statuses and webhooks: harmless lines`, () => {
  for (const { name, text } of HOSTILE) {
    for (const post of postsOf(progressOf(poisoned(RUNS.bad.events, () => text.slice(0, 2_000))))) {
      const line = post.kind === "commit-status" ? post.description : post.kind === "webhook" ? post.text : "";
      expect(line, name).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      if (post.kind === "commit-status") expect(Array.from(line).length, name).toBeLessThanOrEqual(140);
    }
  }
});
