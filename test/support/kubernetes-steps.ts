/** Runs step kinds over Kubernetes services turn by turn in world time, as the crank would; journals nothing. */
import type { Json } from "../../src/model/json.ts";
import type { KubernetesSnapshot, KubernetesTarget, ServiceSwitch } from "../../src/model/service.ts";
import { type Instant, plusMs } from "../../src/model/time.ts";
import { kubernetesPlatform } from "../../src/platforms/kubernetes.ts";
import type { CheckKind, Looked, StepContext, StepKind, StepOutcome, StepService } from "../../src/steps/step.ts";
import type { Kubernetes } from "../../src/ports/kubernetes.ts";
import { TARGET } from "./kubernetes-world.ts";
import { stepContext, type StepContextOptions } from "./step-context.ts";

export const noHelm = { version: async () => undefined, history: async () => [], rollback: async () => undefined };

/** A cluster in which steps run: the simulated one, or a real control plane. */
export interface StepCluster {
  readonly kubernetes: Kubernetes;
  readonly world: { readonly now: Instant };
  /** Lets the cluster live until then, or for a moment. */
  waitUntil(at: Instant): Promise<void>;
}

export function pusher(before: KubernetesSnapshot, switched?: ServiceSwitch): StepService {
  return { name: "pusher", target: TARGET, before, ...(switched === undefined ? {} : { switched }) };
}

export function snapshotOf(cloud: StepCluster, target: KubernetesTarget = TARGET): Promise<KubernetesSnapshot> {
  const { ports, signal } = contextOf(cloud, {});
  return kubernetesPlatform.capture(target, ports, cloud.world.now, signal);
}

function contextOf<A>(cloud: StepCluster, args: A, more: Partial<StepContextOptions<A>> = {}): StepContext<A> {
  return stepContext({ args, world: cloud.world, ports: { kubernetes: cloud.kubernetes, helm: noHelm }, ...more });
}

export interface Ran {
  readonly outcome: Exclude<StepOutcome, { kind: "waiting" }>;
  /** The texts waited for, without repetitions. */
  readonly waits: readonly string[];
  readonly switched: readonly ServiceSwitch[];
  readonly deadlines: readonly Instant[];
}

export async function runStep<A>(
  cloud: StepCluster,
  kind: StepKind<A>,
  args: Record<string, unknown>,
  services: readonly StepService[],
): Promise<Ran> {
  const startedAt = cloud.world.now;
  const waits: string[] = [];
  const switched: ServiceSwitch[] = [];
  const deadlines: Instant[] = [];
  let memo: Json | undefined;
  for (let turns = 0; turns < 2_000; turns++) {
    const now = services.map((service) => ({ ...service, ...switchOf(switched, service.name) }));
    const context = contextOf(cloud, kind.args.parse(args), { services: now, startedAt, memo, kind });
    const outcome = await kind.turn({ ...context, deadline: plusMs(startedAt, kind.defaultTimeoutMs) });
    if ("switched" in outcome) switched.push(...(outcome.switched ?? []));
    if (outcome.kind !== "waiting") return { outcome, waits, switched, deadlines };
    if (waits.at(-1) !== outcome.for) waits.push(outcome.for);
    if (outcome.deadline !== undefined) deadlines.push(outcome.deadline);
    memo = outcome.memo;
    await cloud.waitUntil(outcome.lookAt);
  }
  throw new Error(`the step never ended, waiting for ${waits.at(-1) ?? "nothing"}`);
}

function switchOf(switched: readonly ServiceSwitch[], name: string): { switched?: ServiceSwitch } {
  const found = switched.find(({ service }) => service === name);
  return found === undefined ? {} : { switched: found };
}

/** A check with its samples kept between looks. */
export function looker<A>(
  cloud: StepCluster,
  kind: CheckKind<A>,
  services: readonly StepService[],
): () => Promise<readonly Looked[]> {
  const samples = new Map<string, Json>();
  return () => {
    const { run, ports, signal, look } = contextOf(cloud, {});
    const store = {
      loadSample: async (key: string) => samples.get(key),
      saveSample: async (key: string, sample: Json) => void samples.set(key, sample),
    };
    return kind.look({
      ...look,
      ...store,
      run,
      ports,
      signal,
      args: kind.args.parse({}),
      services,
      now: cloud.world.now,
    });
  };
}
