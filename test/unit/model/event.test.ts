import { expect, it } from "vitest";
import { runEventSchema } from "../../../src/model/event.ts";

it("a switch keeps its own time, whatever the time at which it was noticed", () => {
  const event = {
    v: 1,
    run: "r",
    seq: 2,
    at: "2026-04-12T04:09:00.000Z",
    type: "service-switched",
    change: {
      service: "backend",
      at: "2026-04-12T04:07:00.000Z",
      from: "backend-1",
      to: "backend-2",
      rolloutStartedAt: "2026-04-12T04:06:00.000Z",
      images: [],
    },
  };
  const parsed = runEventSchema.parse(event);
  expect(parsed).toEqual(event);
});
