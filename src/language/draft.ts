/** A tolerant reading of a runbook's values: what the rules need, wherever it is well-formed, so that all problems show at once. */
import type { PlatformName } from "../model/service.ts";
import type { StepKind } from "../steps/step.ts";
import { parseDuration } from "../model/time.ts";
import { type FlatStep, flatSteps } from "./groups.ts";
import { PLATFORM_KEYS } from "./schema.ts";
import type { Path } from "./source.ts";

/** A step or a check as written. */
export interface DraftUse {
  readonly role: "step" | "check";
  readonly index: number;
  readonly path: Path;
  /** The `parallel:` group that it is in, from 1. */
  readonly group: number | undefined;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly id: string | undefined;
  readonly uses: string | undefined;
  /** The kind that `uses` names, where it exists. */
  readonly kind: StepKind<never> | undefined;
  readonly services: readonly { readonly name: string; readonly path: Path }[];
}

export interface DraftService {
  readonly name: string;
  readonly path: Path;
  readonly platform: PlatformName | undefined;
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface Draft {
  readonly root: Readonly<Record<string, unknown>>;
  readonly kinds: readonly StepKind<never>[];
  readonly inputs: readonly string[];
  readonly services: readonly DraftService[];
  readonly steps: readonly DraftUse[];
  readonly checks: readonly DraftUse[];
  /** Milliseconds, or undefined where the text is no duration. */
  readonly checkpoints: readonly (number | undefined)[];
}

export function draftOf(value: unknown, kinds: readonly StepKind<never>[]): Draft {
  const root = recordOf(value) ?? {};
  const monitor = recordOf(root["monitor"]);
  return {
    root,
    kinds,
    inputs: Object.keys(recordOf(root["inputs"]) ?? {}),
    services: Object.entries(recordOf(root["services"]) ?? {}).map(([name, raw]) => serviceOf(name, raw)),
    steps: flatSteps(root["steps"]).map((step, index) => useOf("step", step, index, kinds)),
    checks: listOf(monitor?.["checks"]).map((raw, index) =>
      useOf("check", { raw, path: ["monitor", "checks", index], group: undefined }, index, kinds),
    ),
    checkpoints: listOf(monitor?.["checkpoints"]).map(durationOf),
  };
}

function serviceOf(name: string, value: unknown): DraftService {
  const raw = recordOf(value) ?? {};
  const present = PLATFORM_KEYS.filter((key) => Object.hasOwn(raw, key));
  return { name, path: ["services", name], raw, platform: present.length === 1 ? present[0] : undefined };
}

function useOf(
  role: DraftUse["role"],
  { raw: value, path, group }: FlatStep,
  index: number,
  kinds: readonly StepKind<never>[],
): DraftUse {
  const raw = recordOf(value) ?? {};
  const uses = textOf(raw["uses"]);
  return {
    role,
    index,
    path,
    group,
    raw,
    id: textOf(raw["id"]),
    uses,
    kind: kinds.find((kind) => kind.uses === uses),
    services: listOf(raw["services"]).flatMap((name, at) =>
      typeof name === "string" ? [{ name, path: [...path, "services", at] }] : [],
    ),
  };
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function durationOf(value: unknown): number | undefined {
  return typeof value === "string" ? parseDuration(value) : undefined;
}

/** All texts within a value, with their paths. */
export function textsIn(value: unknown, path: Path = []): readonly { readonly path: Path; readonly text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((inner: unknown, index) => textsIn(inner, [...path, index]));
  return Object.entries(recordOf(value) ?? {}).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}
