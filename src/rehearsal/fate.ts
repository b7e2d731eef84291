/** What happens in a rehearsal to the very process that deploys: at which event of its run it dies or is interrupted. Ends no process. */
import type { EventBody } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import { servicesMeant, triggerSteps } from "./roles.ts";
import type { Scenario } from "./scenario.ts";

export type Fate = Scenario["process"][number];

export interface Moment {
  /** An item of the run: "step:deploy-backend", "restore:backend", "checkpoint:20m". */
  readonly item: string;
  readonly when: "started" | "intended" | "carried-out" | "done";
}

/**
 * "deploy-pusher:carried-out", "first-workflow:started", "restore:first-cloud-run:intended", "checkpoint:20m:done" as a moment
 * of this plan's run; undefined where the plan has no such step or service.
 */
export function momentOf(words: string, plan: Plan): Moment | undefined {
  const end = words.lastIndexOf(":");
  const [name, when] = [words.slice(0, end), words.slice(end + 1) as Moment["when"]];
  const item = itemMeant(name, plan);
  return item === undefined ? undefined : { item, when };
}

function itemMeant(name: string, plan: Plan): string | undefined {
  if (name.startsWith("checkpoint:")) return name;
  if (name.startsWith("restore:")) {
    const [service] = servicesMeant(name.slice("restore:".length), plan);
    return service === undefined ? undefined : `restore:${service}`;
  }
  const triggers = triggerSteps(plan);
  const roles: Record<string, string | undefined> = {
    "first-workflow": triggers[0]?.id,
    "last-workflow": triggers.at(-1)?.id,
  };
  const id = name in roles ? roles[name] : plan.runbook.steps.find((step) => step.id === name)?.id;
  return id === undefined ? undefined : `step:${id}`;
}

/** Whether the journaling of `body` is that moment: `before` it (the effect has happened, nobody noted it) or `after` it. */
export function strikes({ item, when }: Moment, body: EventBody): "before" | "after" | undefined {
  if (when === "done") return endsItem(item, body) ? "after" : undefined;
  if (!("item" in body) || body.item !== item) return undefined;
  if (when === "carried-out") return body.type === "effect-done" ? "before" : undefined;
  const marks = when === "started" ? "item-started" : "effect-intended";
  return body.type === marks ? "after" : undefined;
}

function endsItem(item: string, body: EventBody): boolean {
  if (body.type === "item-done") return body.item === item;
  if (body.type === "checkpoint-judged") return `checkpoint:${body.checkpoint}` === item;
  return body.type === "service-restored" && `restore:${body.service}` === item;
}
