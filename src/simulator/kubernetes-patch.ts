/** The three patch formats of the Kubernetes API over plain JSON: RFC 6902, RFC 7386, and strategic merge by "name". */

/** The patch cannot be applied; the API answers 422 with one generic sentence. */
export class PatchRejected extends Error {}

export function applyPatch(contentType: string, target: unknown, patch: unknown): unknown {
  switch (contentType.replace(/;.*$/, "").trim()) {
    case "application/json-patch+json":
      return applyJsonPatch(target, patch);
    case "application/merge-patch+json":
      return merge(target, patch, false);
    case "application/strategic-merge-patch+json":
      return merge(target, patch, true);
    default:
      throw new PatchRejected(`unsupported patch type ${contentType}`);
  }
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

function applyJsonPatch(target: unknown, patch: unknown): unknown {
  const result = structuredClone(target);
  if (!Array.isArray(patch)) throw new PatchRejected("a JSON patch is an array");
  for (const operation of patch as Operation[]) applyOperation(result, operation);
  return result;
}

function applyOperation(root: unknown, { op, path, value }: Operation): void {
  const keys = path
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = keys.pop();
  const parent = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], root);
  if (last === undefined || parent === null || typeof parent !== "object") throw new PatchRejected(`no ${path}`);
  const container = parent as Record<string, unknown>;
  switch (op) {
    case "test":
      if (JSON.stringify(container[last]) !== JSON.stringify(value)) throw new PatchRejected(`test of ${path} failed`);
      return;
    case "replace":
      if (!(last in container)) throw new PatchRejected(`replace of missing ${path}`);
      container[last] = value;
      return;
    case "add":
      if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : Number(last), 0, value);
      else container[last] = value;
      return;
    case "remove":
      if (!(last in container)) throw new PatchRejected(`remove of missing ${path}`);
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete container[last];
      return;
    default:
      throw new PatchRejected(`unknown operation ${op}`);
  }
}

function merge(target: unknown, patch: unknown, byName: boolean): unknown {
  if (byName && isNamedList(target) && isNamedList(patch)) {
    const merged = target.map((item) => merge(item, patch.find(({ name }) => name === item.name) ?? {}, byName));
    return [...merged, ...patch.filter((item) => !target.some(({ name }) => name === item.name))];
  }
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value, byName);
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isNamedList(value: unknown): value is { name: string }[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && typeof item["name"] === "string");
}
