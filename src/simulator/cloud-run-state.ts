/** Cloud Run services of the simulated cloud and how they change over world time; speaks no protocol. */
import { type Instant, plusMs } from "../model/time.ts";
import {
  pinnedAsServed,
  type RunDeploy,
  RunRefusal,
  type RunRevision,
  type RunService,
  type RunTraffic,
  sameRoutes,
} from "./cloud-run-model.ts";
import { token, type World } from "./world.ts";
import { WrittenLog } from "./written-log.ts";

/** How long a change of traffic takes to be observed. */
const TRAFFIC_MS = 3_000;
const READY_MS = 20_000;
const SWITCH_MS = 10_000;

export class CloudRunState {
  readonly #world: World;
  readonly #services = new Map<string, RunService>();
  readonly #random: () => number;
  /** When the simulation began: a revision made since is a "new" one. */
  readonly startedAt: Instant;
  /** What revisions write that do not become ready; what the others write is made up by the traffic. */
  readonly log = new WrittenLog();
  /** Every carried-out change, for assertions. */
  readonly effects: {
    readonly kind: "deploy" | "update-traffic";
    readonly key: string;
    readonly at: Instant;
    readonly revision?: string;
    readonly traffic?: readonly RunTraffic[];
  }[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random("cloud-run");
    this.startedAt = world.now;
  }

  /** A service that has been serving its one revision for long. Returns its key. */
  addService(options: {
    project: string;
    region: string;
    name: string;
    revision: { name: string; image: string; commit?: string; createdAt: Instant };
    /** Of the same image, still there and ready. */
    olderRevisions?: readonly { name: string; createdAt: Instant }[];
    traffic?: readonly RunTraffic[];
  }): string {
    const { project, region, name, revision, olderRevisions = [], traffic = [] } = options;
    const succeeded = { state: "CONDITION_SUCCEEDED", at: revision.createdAt } as const;
    const key = `${project}/${region}/${name}`;
    const service: RunService = {
      key,
      project,
      region,
      name,
      generation: 1,
      observedGeneration: 1,
      etag: this.#etag(),
      reconciling: false,
      traffic,
      served: [],
      latestCreated: revision.name,
      latestReady: revision.name,
      ready: succeeded,
      routes: succeeded,
      updatedAt: revision.createdAt,
      lastModifier: "deployer@example.test",
      revisions: new Map(
        [...olderRevisions.map((older) => ({ ...revision, ...older })), revision].map((one) => [
          one.name,
          { ...one, ready: { ...succeeded, at: one.createdAt } },
        ]),
      ),
      history: [],
    };
    this.#services.set(key, service);
    this.#serve(service, revision.createdAt);
    return key;
  }

  /** Throws RunRefusal NOT_FOUND. */
  service(key: string): RunService {
    const service = this.#services.get(key);
    if (service === undefined) throw new RunRefusal("NOT_FOUND", `Resource '${key.split("/").at(-1)}' was not found.`);
    return service;
  }

  get services(): readonly RunService[] {
    return [...this.#services.values()];
  }

  /** Makes a new revision now; returns its name. Pinned traffic leaves it at 0 %. */
  deploy(key: string, deploy: RunDeploy): string {
    const service = this.service(key);
    const now = this.#world.now;
    const name = deploy.revision ?? this.#nextName(service);
    const reconciling = { state: "CONDITION_RECONCILING", at: now } as const;
    const revision: RunRevision = {
      name,
      image: deploy.image,
      createdAt: now,
      ready: reconciling,
      ...(deploy.commit === undefined ? {} : { commit: deploy.commit }),
    };
    service.revisions.set(name, revision);
    service.latestCreated = name;
    if (deploy.noTraffic === true) service.traffic = pinnedAsServed(service);
    this.#change(service, deploy.by ?? "deployer@example.test");
    this.effects.push({ kind: "deploy", key, at: now, revision: name });
    const readyMs = deploy.readyAfterMs ?? READY_MS;
    // A container has died, more than once, when its revision is given up.
    this.#world.after(readyMs / 2, () => {
      for (const text of deploy.log ?? []) this.#write(service, revision, text);
    });
    this.#world.after(readyMs, () => this.#settleRevision(service, revision, deploy));
    return name;
  }

  /**
   * Replaces the wanted traffic, as a patch with the mask `traffic` does; an empty list is everything to the latest.
   * Throws RunRefusal: ABORTED when `etag` is given and stale.
   */
  updateTraffic(key: string, etag: string, traffic: readonly RunTraffic[], by = "runbook@example.test"): string {
    const service = this.service(key);
    if (etag !== "" && etag !== service.etag) {
      throw new RunRefusal("ABORTED", `Conflict for resource '${service.name}': etag '${etag}' is not current.`);
    }
    for (const { revision } of traffic) {
      if (revision !== undefined && !service.revisions.has(revision)) {
        throw new RunRefusal("INVALID_ARGUMENT", `traffic: Revision '${revision}' does not exist.`);
      }
    }
    const total = traffic.reduce((sum, { percent }) => sum + percent, 0);
    if (traffic.length > 0 && total !== 100) {
      throw new RunRefusal("INVALID_ARGUMENT", `traffic: percentages must sum to 100, got ${total}.`);
    }
    service.traffic = traffic;
    this.#change(service, by);
    this.effects.push({ kind: "update-traffic", key, at: this.#world.now, traffic });
    this.#reconcile(service, TRAFFIC_MS);
    return `projects/${service.project}/locations/${service.region}/operations/${token(this.#random, 12)}`;
  }

  /** The shares at a moment; empty before the service existed. */
  servedAt(key: string, at: Instant): ReadonlyMap<string, number> {
    return this.#services.get(key)?.history.findLast((serving) => serving.at <= at)?.shares ?? new Map();
  }

  /** Moments at which other revisions took over. */
  switches(key: string): readonly Instant[] {
    return (
      this.#services
        .get(key)
        ?.history.slice(1)
        .map(({ at }) => at) ?? []
    );
  }

  #change(service: RunService, by: string): void {
    service.generation++;
    service.etag = this.#etag();
    service.reconciling = true;
    service.updatedAt = this.#world.now;
    service.lastModifier = by;
    service.ready = { state: "CONDITION_RECONCILING", at: this.#world.now };
  }

  #settleRevision(service: RunService, revision: RunRevision, deploy: RunDeploy): void {
    const now = this.#world.now;
    if (deploy.outcome === "fails") {
      revision.ready = {
        state: "CONDITION_FAILED",
        at: now,
        reason: deploy.reason ?? "HEALTH_CHECK_CONTAINER_ERROR",
        message: deploy.message ?? `Revision '${revision.name}' is not ready and cannot serve traffic.`,
      };
    } else {
      revision.ready = { state: "CONDITION_SUCCEEDED", at: now };
      const before = service.revisions.get(service.latestReady);
      if (before === undefined || before.createdAt <= revision.createdAt) service.latestReady = revision.name;
    }
    this.#reconcile(service, deploy.switchAfterMs ?? SWITCH_MS);
  }

  #write(service: RunService, revision: RunRevision, text: string): void {
    const { project, region, name } = service;
    this.log.write(this.#world.now, {
      logName: `projects/${project}/logs/run.googleapis.com%2Fstderr`,
      severity: "ERROR",
      resource: {
        type: "cloud_run_revision",
        labels: {
          project_id: project,
          location: region,
          service_name: name,
          configuration_name: name,
          revision_name: revision.name,
        },
      },
      textPayload: text,
    });
  }

  /** Makes what is observed follow what is wanted: after `ms` where the routes differ, else at once. */
  #reconcile(service: RunService, ms: number): void {
    if (sameRoutes(this.#resolved(service), service.served)) {
      this.#finish(service);
      return;
    }
    service.routes = { state: "CONDITION_RECONCILING", at: this.#world.now };
    const { generation } = service;
    this.#world.at(plusMs(this.#world.now, ms), () => {
      if (service.generation !== generation) return;
      this.#serve(service, this.#world.now);
      service.routes = { state: "CONDITION_SUCCEEDED", at: this.#world.now };
      this.#finish(service);
    });
  }

  /** A failed newest revision keeps the service failed, whatever serves (as Knative's configuration condition does). */
  #finish(service: RunService): void {
    const newest = service.revisions.get(service.latestCreated);
    if (newest?.ready.state === "CONDITION_RECONCILING") return;
    service.reconciling = false;
    if (newest?.ready.state === "CONDITION_FAILED") {
      service.ready = { ...newest.ready, at: this.#world.now, reason: "REVISION_FAILED" };
      return;
    }
    service.observedGeneration = service.generation;
    service.ready = { state: "CONDITION_SUCCEEDED", at: this.#world.now };
  }

  #serve(service: RunService, at: Instant): void {
    service.served = this.#resolved(service);
    const shares = new Map<string, number>();
    for (const { revision, percent } of service.served) {
      if (revision !== undefined && percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
    }
    service.history.push({ at, shares });
  }

  #resolved(service: RunService): RunService["served"] {
    const wanted = service.traffic.length === 0 ? [{ percent: 100 } satisfies RunTraffic] : service.traffic;
    return wanted.map((entry: RunTraffic) => ({
      ...entry,
      revision: entry.revision ?? service.latestReady,
      latest: entry.revision === undefined,
    }));
  }

  #nextName(service: RunService): string {
    const numbers = [...service.revisions.keys()].map((name) => Number(/-(\d{5})-[a-z0-9]+$/.exec(name)?.[1] ?? 0));
    return `${service.name}-${String(Math.max(...numbers) + 1).padStart(5, "0")}-${token(this.#random, 3)}`;
  }

  #etag(): string {
    return `"${token(this.#random, 16)}"`;
  }
}
