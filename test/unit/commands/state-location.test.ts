import { expect, test } from "vitest";
import { bucketOf, refusalOfLocalState, stateLocation } from "../../../src/commands/state-location.ts";
import { testIo } from "../../support/journey.ts";

test("a state is a file of this machine, or a place in a bucket", () => {
  const check = (given: string | undefined, env: Record<string, string>, expected: string): void =>
    expect(stateLocation(given, testIo(env, "/home/op"))).toBe(expected);
  check("a.db", {}, "/home/op/a.db");
  check(":memory:", {}, ":memory:");
  check(undefined, { RUNBOOK_STATE: "/b.db" }, "/b.db");
  check("a.db", { RUNBOOK_STATE: "gs://team/x" }, "/home/op/a.db");
  check(undefined, { RUNBOOK_STATE: "gs://team/x" }, "gs://team/x");
  check(undefined, { HOME: "/home/ann" }, "/home/ann/.local/state/runbook/state.db");
  check("", { XDG_STATE_HOME: "/s" }, "/s/runbook/state.db");
});

test("the parts of a place in a bucket", () => {
  const check = (location: string, expected: object | undefined): void => expect(bucketOf(location)).toEqual(expected);
  check("gs://team", { bucket: "team", prefix: "" });
  check("gs://team/", { bucket: "team", prefix: "" });
  check("gs://my-team.example.com/a/b/", { bucket: "my-team.example.com", prefix: "a/b" });
  check("/gs://team", undefined);
  for (const wrong of ["gs://", "gs:///a", "gs://Team/a", "gs://t/a", "gs://team/a b", "gs://-team/a"]) {
    check(wrong, undefined);
    expect(() => stateLocation(wrong, testIo())).toThrow(/is no place in a bucket/);
  }
});

test("what leaves checkpoints for later needs a state that others see", () => {
  const later = { isDetached: false, laterCheckpoints: ["1h", "4h"] };
  const detached = { isDetached: true, laterCheckpoints: [] };
  const check = (
    location: string,
    leaves: typeof later,
    ci: string | undefined,
    expected: RegExp | undefined,
  ): void => {
    const refused = refusalOfLocalState(location, leaves, testIo(ci === undefined ? {} : { CI: ci }));
    if (expected === undefined) expect(refused).toBeUndefined();
    else expect(refused?.message).toMatch(expected);
  };
  check("/state.db", later, "true", /the checkpoints 1h, 4h are left for later, but the state \/state\.db/);
  check(":memory:", later, "1", /this machine only/);
  check("/state.db", detached, undefined, /^--detach/);
  check("/state.db", later, undefined, undefined);
  check("/state.db", later, "false", undefined);
  check("/state.db", { ...later, laterCheckpoints: [] }, "true", undefined);
  check("gs://team/x", later, "true", undefined);
  check("gs://team/x", detached, "true", undefined);
});
