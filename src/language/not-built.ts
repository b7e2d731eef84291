/** Words of the language that are designed and not built yet: refused with a sentence each, never ignored. */
import type { Draft } from "./draft.ts";
import { at, usesOf } from "./rule.ts";
import type { Finding, Path } from "./source.ts";

const NOT_BUILT: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  needs: ["`needs:` is not built yet: steps run in the order of the file", "remove it, and order the steps"],
  retry: ["`retry:` is not built yet: every step is retried by the same rule", "remove it"],
};

/** Whether a key is refused by onlyWhatIsBuilt, so that it need not be called unknown as well. */
export function isNotBuilt(path: Path): boolean {
  const [first, second] = path;
  const inUse = (first === "steps" && path.length === 3) || (second === "checks" && path.length === 4);
  return (path.length === 1 || inUse) && Object.hasOwn(NOT_BUILT, path.at(-1) ?? "");
}

export function onlyWhatIsBuilt(draft: Draft): readonly Finding[] {
  const blocks = [{ path: [] as Path, raw: draft.root }, ...usesOf(draft)];
  return blocks.flatMap(({ path, raw }) =>
    Object.entries(NOT_BUILT)
      .filter(([key]) => Object.hasOwn(raw, key))
      .map(([key, [what, remedy]]) => at([...path, key], "key", "not-built", what, "what this version can do", remedy)),
  );
}
