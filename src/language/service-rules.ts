/** The rules for services: what each one targets, who mentions it, and which step kinds can take it. */
import { type Draft, type DraftService, listOf, recordOf } from "./draft.ts";
import { servicesReferredTo } from "./expression-rules.ts";
import { quoted } from "./problems.ts";
import { at, usesOf } from "./rule.ts";
import { PLATFORM_KEYS, WORKLOAD_KEYS } from "./schema.ts";
import type { Finding, Path } from "./source.ts";
import { didYouMean, oneOf, suggestion } from "./suggest.ts";

export function onePlatformPerService(draft: Draft): readonly Finding[] {
  return draft.services.flatMap((service) => [
    ...exactlyOne(service, service.path, service.raw, PLATFORM_KEYS),
    ...workload(service),
  ]);
}

function workload(service: DraftService): readonly Finding[] {
  const raw = recordOf(service.raw["kubernetes"]);
  return raw === undefined ? [] : exactlyOne(service, [...service.path, "kubernetes"], raw, WORKLOAD_KEYS);
}

function exactlyOne(
  service: DraftService,
  path: Path,
  raw: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): readonly Finding[] {
  const present = keys.filter((key) => Object.hasOwn(raw, key));
  if (present.length === 1) return [];
  const expected = `exactly one of ${oneOf(keys)}`;
  const name = quoted(service.name);
  if (present.length === 0) {
    return [
      at(
        path,
        "key",
        "one-target",
        `the service ${name} names none of ${oneOf(keys)}`,
        expected,
        `add one of ${oneOf(keys)}`,
      ),
    ];
  }
  const second = present[1] ?? "";
  return [
    at(
      [...path, second],
      "key",
      "one-target",
      `the service ${name} names both ${present.map(quoted).join(" and ")}`,
      expected,
      "make two services of it",
    ),
  ];
}

/** Only where no default project is given. */
export function projectsAreNamed(draft: Draft): readonly Finding[] {
  return draft.services.flatMap((service) =>
    PLATFORM_KEYS.flatMap((platform) => {
      const raw = recordOf(service.raw[platform]);
      if (raw === undefined || Object.hasOwn(raw, "project")) return [];
      const what = `the service ${quoted(service.name)} names no project`;
      const remedy = "add `project:`, or set GOOGLE_CLOUD_PROJECT";
      return [at([...service.path, platform], "key", "missing-key", what, "a Google Cloud project id", remedy)];
    }),
  );
}

export function servicesExist(draft: Draft): readonly Finding[] {
  const known = draft.services.map((service) => service.name);
  return usesOf(draft).flatMap((use) =>
    use.services.flatMap(({ name, path }, index) => {
      if (use.services.findIndex((other) => other.name === name) < index) {
        return [
          at(
            path,
            "value",
            "duplicate-service",
            `${quoted(name)} is listed twice`,
            "every service once",
            "remove one of the two",
          ),
        ];
      }
      if (known.includes(name)) return [];
      const meant = didYouMean(name, known);
      const expected =
        known.length === 0 ? "a service of `services:`" : oneOf(known) + (meant === undefined ? "" : `; ${meant}`);
      const remedy =
        meant === undefined ? `add ${quoted(name)} to \`services:\`` : `write \`${suggestion(name, known)}\``;
      return [at(path, "value", "unknown-service", `no service is called ${quoted(name)}`, expected, remedy)];
    }),
  );
}

export function servicesAreNeeded(draft: Draft): readonly Finding[] {
  return usesOf(draft).flatMap((use) => {
    if (use.kind === undefined) return [];
    const listed = listOf(use.raw["services"]).length > 0;
    const name = `\`${use.kind.uses}\``;
    if (use.kind.needsServices && !listed) {
      return [
        at(
          [...use.path, "services"],
          "key",
          "services-needed",
          `${name} does not say which services it is about`,
          "at least one service",
          "add `services: [...]`",
        ),
      ];
    }
    if (use.kind.platforms.length === 0 && listed) {
      return [
        at(
          [...use.path, "services"],
          "key",
          "services-not-taken",
          `${name} is not about services`,
          "no `services:` here",
          "remove it",
        ),
      ];
    }
    return [];
  });
}

export function platformsFit(draft: Draft): readonly Finding[] {
  return usesOf(draft).flatMap(({ kind, services }) => {
    if (kind === undefined || kind.platforms.length === 0) return [];
    return services.flatMap(({ name, path }) => {
      const platform = draft.services.find((service) => service.name === name)?.platform;
      if (platform === undefined || kind.platforms.includes(platform)) return [];
      const expected = `a service of ${oneOf(kind.platforms)}`;
      return [
        at(
          path,
          "value",
          "platform",
          `\`${kind.uses}\` cannot take ${quoted(name)}, a service of \`${platform}\``,
          expected,
          "remove it from this list, or use another step kind for it",
        ),
      ];
    });
  });
}

export function servicesAreUsed(draft: Draft): readonly Finding[] {
  if (draft.steps.length === 0) return [];
  const used = new Set([
    ...usesOf(draft).flatMap((use) => use.services.map(({ name }) => name)),
    ...servicesReferredTo(draft),
  ]);
  return draft.services
    .filter((service) => !used.has(service.name))
    .map((service) =>
      at(
        service.path,
        "key",
        "unused-service",
        `no step and no check mentions the service ${quoted(service.name)}`,
        "every service watched by something",
        "name it in a check, or remove it",
      ),
    );
}
