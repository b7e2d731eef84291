/** What a scenario says about everything that is no cloud API: probes, commands, helm, webhooks and the person. Knows no wire. */
import { type Instant, plusMs } from "../model/time.ts";
import type { World } from "./world.ts";

export interface ProbeAnswer {
  readonly urlPrefix: string;
  readonly status: number;
  readonly latencyMs: number;
  readonly body: string;
  /** Only in from <= now < until, where given. */
  readonly from?: Instant;
  readonly until?: Instant;
}

export interface CommandAnswer {
  /** The first words of the command line. */
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly output: string;
  readonly durationMs: number;
  /** What the command changes in the world, at its end. */
  readonly effect?: () => void;
}

export interface HelmRelease {
  readonly release: string;
  readonly namespace: string;
  readonly revisions: { readonly revision: number; readonly status: string; readonly updatedAt: string }[];
  /** What a rollback changes in the world. */
  readonly onRollback?: (toRevision: number) => void;
}

export interface OperatorAnswer {
  /** `about` of the question: "rollback", "approve", "continue", "in-doubt". */
  readonly about: string;
  readonly answer: string;
  /** After the question was first seen. */
  readonly afterMs: number;
  readonly by?: string;
}

export interface StartedCommand {
  /** The client that started it: another one does not know it, as after a crash. */
  readonly client: string;
  readonly key: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly startedAt: Instant;
  endsAt: Instant;
  exitCode: number | undefined;
  signal: string | undefined;
  timedOut: boolean;
  readonly output: string;
}

export interface Notification {
  readonly at: Instant;
  readonly url: string;
  readonly id: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A refused call: the server answers with this status. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Scenarios push into the lists at any time; where several answers fit, the one added last counts. */
export class ControlState {
  readonly world: World;
  readonly probes: ProbeAnswer[] = [];
  readonly commands: CommandAnswer[] = [];
  readonly releases: HelmRelease[] = [];
  readonly answers: OperatorAnswer[] = [];
  /** Undefined: there is no helm. */
  helmVersion: string | undefined = "v3.19.0";
  /** What happened, for assertions and for people. */
  readonly probed: { readonly at: Instant; readonly url: string; readonly status: number }[] = [];
  readonly started: StartedCommand[] = [];
  readonly notifications: Notification[] = [];
  readonly asked = new Map<string, Instant>();

  constructor(world: World) {
    this.world = world;
  }

  probe(url: string, timeoutMs: number): { status: number; latencyMs: number; body: string } {
    const { now } = this.world;
    const answer = this.probes.findLast(
      ({ urlPrefix, from, until }) =>
        url.startsWith(urlPrefix) && (from === undefined || now >= from) && (until === undefined || now < until),
    );
    if (answer === undefined) throw new Refusal(502, `the scenario has nothing at ${url}`);
    if (answer.latencyMs >= timeoutMs) throw new Refusal(504, `${url}: no answer in time`);
    this.probed.push({ at: now, url, status: answer.status });
    return { status: answer.status, latencyMs: answer.latencyMs, body: answer.body };
  }

  start(client: string, key: string, spec: { argv: string[]; env: Record<string, string>; timeoutMs: number }): void {
    if (this.#command(client, key) !== undefined) throw new Refusal(409, `${key} was already started`);
    const { now } = this.world;
    const answer = this.commands.findLast(({ argv }) => argv.every((word, index) => spec.argv[index] === word));
    const durationMs = answer?.durationMs ?? 0;
    const timedOut = durationMs > spec.timeoutMs;
    const command: StartedCommand = {
      client,
      key,
      argv: spec.argv,
      env: spec.env,
      startedAt: now,
      endsAt: plusMs(now, Math.min(durationMs, spec.timeoutMs)),
      exitCode: timedOut ? undefined : (answer?.exitCode ?? 127),
      signal: timedOut ? "SIGTERM" : undefined,
      timedOut,
      output: answer?.output ?? `the scenario does not know this command: ${spec.argv.join(" ")}\n`,
    };
    this.started.push(command);
    this.world.at(command.endsAt, () => {
      if (command.signal === undefined) answer?.effect?.();
    });
  }

  poll(client: string, key: string): object {
    const command = this.#command(client, key);
    if (command === undefined) return { state: "unknown" };
    if (this.world.now < command.endsAt) return { state: "running" };
    const { exitCode, signal, timedOut, output } = command;
    return { state: "exited", exitCode, signal, timedOut, output };
  }

  stop(client: string, key: string): void {
    const command = this.#command(client, key);
    if (command === undefined || this.world.now >= command.endsAt) return;
    command.endsAt = this.world.now;
    command.exitCode = undefined;
    command.signal = "SIGTERM";
  }

  release(release: string, namespace: string): HelmRelease {
    if (this.helmVersion === undefined) throw new Refusal(404, "there is no helm program here");
    const found = this.releases.find((known) => known.release === release && known.namespace === namespace);
    if (found === undefined) throw new Refusal(404, `release ${release} in ${namespace}: not found`);
    return found;
  }

  /** Makes a new revision, as helm does. */
  rollback(release: string, namespace: string, revision: number): void {
    const found = this.release(release, namespace);
    const { revisions } = found;
    if (!revisions.some((known) => known.revision === revision)) {
      throw new Refusal(404, `release ${release} has no ${revision} version`);
    }
    const next = Math.max(...revisions.map((known) => known.revision)) + 1;
    revisions.forEach((known, index) => {
      if (known.status === "deployed") revisions[index] = { ...known, status: "superseded" };
    });
    revisions.push({ revision: next, status: "deployed", updatedAt: this.world.now });
    found.onRollback?.(revision);
  }

  notify(message: Omit<Notification, "at">): void {
    this.notifications.push({ ...message, at: this.world.now });
  }

  /** The scenario's answer once its time has come, if it is one of the options. */
  ask(question: { id: string; about: string; options: string[] }): { answer: string; by: string } | undefined {
    const since = this.asked.get(question.id) ?? this.world.now;
    this.asked.set(question.id, since);
    const said = this.answers.findLast(({ about }) => about === question.about);
    if (said === undefined || !question.options.includes(said.answer)) return undefined;
    if (this.world.now < plusMs(since, said.afterMs)) return undefined;
    return { answer: said.answer, by: said.by ?? "operator" };
  }

  #command(client: string, key: string): StartedCommand | undefined {
    return this.started.find((command) => command.client === client && command.key === key);
  }
}
