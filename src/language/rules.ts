/** The rules of the language that need more than one place at once, in the order in which they are told. */
import { textsIn } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { expressionsFit } from "./expression-rules.ts";
import { hasExpression } from "./expressions.ts";
import { groupsAreWellFormed } from "./group-rules.ts";
import { onlyWhatIsBuilt } from "./not-built.ts";
import {
  checkpointsAscend,
  defaultsAreOptions,
  foregroundEndsAtACheckpoint,
  ownPatternsAreSafe,
  repositoryIsKnown,
  scheduleCanBeKept,
  webhookIsAReference,
} from "./policy-rules.ts";
import { quoted } from "./problems.ts";
import { at, type Rule, usesOf } from "./rule.ts";
import { findSecrets, namesSecret } from "./secrets.ts";
import {
  onePlatformPerService,
  platformsFit,
  servicesAreNeeded,
  servicesAreUsed,
  servicesExist,
} from "./service-rules.ts";
import type { Finding } from "./source.ts";
import {
  argumentsFit,
  commandLinesAreLiteral,
  idsAreUnique,
  kindsExist,
  onlyChecksAreMonitored,
  stepKeysFitTheKind,
} from "./step-rules.ts";

/** In the order in which a reader would want them told; for one place the first finding counts. */
export const RULES: readonly Rule[] = [
  secretsStayOutside,
  onlyWhatIsBuilt,
  groupsAreWellFormed,
  onePlatformPerService,
  kindsExist,
  onlyChecksAreMonitored,
  expressionsFit,
  argumentsFit,
  idsAreUnique,
  servicesExist,
  servicesAreNeeded,
  platformsFit,
  servicesAreUsed,
  checkpointsAscend,
  foregroundEndsAtACheckpoint,
  stepKeysFitTheKind,
  commandLinesAreLiteral,
  scheduleCanBeKept,
  webhookIsAReference,
  defaultsAreOptions,
  repositoryIsKnown,
  ownPatternsAreSafe,
];

export function secretsStayOutside(draft: Draft, text: string): readonly Finding[] {
  const rule = "secret-in-file";
  const expected = "no secret in the file: the file is public and the journal keeps it";
  const remedy = "revoke it, and write `${{ env.NAME }}` instead";
  const shaped = findSecrets(text).map(({ what, start, end }): Finding => ({
    rule,
    what: `this looks like ${what}`,
    expected,
    remedy,
    where: { span: { start, end } },
  }));
  const named = usesOf(draft).flatMap((use) =>
    textsIn(use.raw["with"], [...use.path, "with"])
      .filter(({ path, text: value }) => namesSecret(String(path.at(-1))) && value !== "" && !hasExpression(value))
      .map(({ path }) =>
        at(path, "key", rule, `${quoted(String(path.at(-1)))} holds its secret in the file`, expected, remedy),
      ),
  );
  return [...shaped, ...named];
}
