/** The shape of a runbook's YAML, as zod: one strict object per block. What needs more than one place at once is in rules.ts. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { baselineModeSchema } from "../model/runbook.ts";
import { REDACTION_CLASSES } from "../model/redact.ts";
import { DAY, HOUR, MINUTE } from "../model/time.ts";

const text = (what: string, max = 200) =>
  z
    .string({ error: `${what}, as text` })
    .min(1, { error: `${what}; it is empty` })
    .max(max, { error: `${what} of at most ${max} characters` });

const word = (what: string) =>
  z
    .string({ error: `${what}: lower-case letters, digits and single hyphens` })
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error: `${what}: lower-case letters, digits and single hyphens` })
    .max(63, { error: `${what} of at most 63 characters` });

const duration = durationSchema.refine((ms) => ms > 0, { error: "a duration above zero" });
const flag = z.boolean({ error: "`true` or `false`" });
const serviceList = z.array(word("a service's name"), { error: 'a list of services, such as "[backend]"' });
const args = z.record(z.string(), z.unknown(), { error: "the step's arguments, as keys and values" });

const inputSchema = z.strictObject({
  description: text("a description").optional().describe("What the input is for, shown by `runbook plan`."),
  default: z
    .string({ error: "text: put quotes around numbers and around true and false" })
    .optional()
    .describe("The value when none is given. An input without a default must be given."),
  options: z
    .array(z.string({ error: "text: put quotes around numbers and around true and false" }))
    .min(1, { error: "at least one option" })
    .optional()
    .describe("The values that are allowed."),
});

const projectSchema = (description: string) =>
  text("a project id").optional().describe(`${description} Default: the variable GOOGLE_CLOUD_PROJECT.`);

const cloudRunSchema = z
  .strictObject({
    project: projectSchema("The Google Cloud project id."),
    region: text("a region").describe("The region, such as us-central1."),
    service: text("a Cloud Run service's name").describe("The Cloud Run service's name."),
  })
  .describe("A Cloud Run service.");

const cloudRunJobSchema = z
  .strictObject({
    project: projectSchema("The Google Cloud project id."),
    region: text("a region").describe("The region, such as us-central1."),
    job: text("a Cloud Run job's name").describe("The Cloud Run job's name."),
  })
  .describe("A Cloud Run job: run to completion by wait-for-execution; nothing of it can be put back.");

const workload = (kind: string) => text(`a ${kind}'s name`, 253).optional().describe(`The ${kind}'s name.`);

const kubernetesSchema = z
  .strictObject({
    project: projectSchema("The Google Cloud project whose Cloud Logging holds the pods' logs."),
    cluster: text("a cluster's name").describe("The cluster's name."),
    location: text("a zone or region").optional().describe("The cluster's zone or region."),
    context: text("a kubeconfig context")
      .optional()
      .describe("The kubeconfig context. Default: the one whose cluster's name ends with `cluster`."),
    namespace: text("a namespace", 63).describe("The namespace."),
    deployment: workload("Deployment"),
    statefulset: workload("StatefulSet"),
    daemonset: workload("DaemonSet"),
  })
  .describe("A Kubernetes workload: exactly one of deployment, statefulset, daemonset.");

export const PLATFORM_KEYS = ["cloud-run", "cloud-run-job", "kubernetes"] as const;
export const WORKLOAD_KEYS = ["deployment", "statefulset", "daemonset"] as const;

const serviceSchema = z
  .strictObject({
    "cloud-run": cloudRunSchema.optional(),
    "cloud-run-job": cloudRunJobSchema.optional(),
    kubernetes: kubernetesSchema.optional(),
  })
  .describe("Something that the deploy touches: snapshotted before, judged after, restored by a rollback.");

export const stepSchema = z.strictObject({
  id: word("a step's id").describe("The step's name: unique, referred to as `${{ steps.ID.outputs.KEY }}`."),
  uses: z.string({ error: "a step kind" }).describe("The step kind."),
  if: z
    .union([z.string(), z.boolean()], { error: "a condition, such as \"inputs.branch == 'main'\"" })
    .optional()
    .describe(
      "The step runs only when this holds: look-ups in `inputs`, `steps` and `services` compared by == and !=, joined by &&, || and !. Judged once, when it is the step's turn; a step that does not run is told as skipped.",
    ),
  services: serviceList.optional().describe("The services that the step is about."),
  with: args.optional().describe("The step kind's arguments."),
  timeout: duration.optional().describe("The step's deadline, counted from its start. Default: the step kind's own."),
  "on-inconclusive": z
    .enum(["stop", "continue", "ask"], { error: "one of `stop`, `continue`, `ask`" })
    .optional()
    .describe("For checks: may the deploy go on when the check could not tell? Default: ask."),
  irreversible: flag
    .optional()
    .describe("From here on a rollback asks first, naming this step (a migration, for example)."),
});

export const checkSchema = z.strictObject({
  id: word("a check's id").optional().describe("The check's name in reports. Default: its kind."),
  uses: z.string({ error: "a check kind" }).describe("The check kind."),
  services: serviceList.optional().describe("The services that the check judges."),
  with: args.optional().describe("The check kind's arguments."),
});

const monitorSchema = z.strictObject({
  baseline: z
    .union([
      duration
        .refine((ms) => ms >= HOUR, { error: "a duration of at least 60m: less is no baseline" })
        .refine((ms) => ms <= 7 * DAY, { error: "a duration of at most 7d" }),
      baselineModeSchema,
    ])
    .prefault("24h")
    .describe(
      "What each service is compared with: so much of its own past before its rollout (24h), or `same-hour-yesterday` (two hours around the same moment a day earlier), or `last-week` (the day that began seven days earlier).",
    ),
  checkpoints: z
    .array(duration, { error: 'a list of durations, such as "[5m, 20m, 1h]"' })
    .min(1, { error: "at least one checkpoint" })
    .max(24, { error: "at most 24 checkpoints" })
    .prefault(["5m", "20m", "1h", "4h", "24h"])
    .describe("When a verdict is published, counted from each service's own switch; ascending."),
  "foreground-until": duration
    .optional()
    .describe("`deploy` returns after this checkpoint. Default: 20m, or the last checkpoint before it, or the first."),
  checks: z
    .array(checkSchema, { error: "a list of checks" })
    .min(1, { error: "at least one check: what nobody looks at cannot pass" })
    .max(50, { error: "at most 50 checks" })
    .describe("What is looked at every minute while attached, and at every checkpoint."),
});

const scheduleSchema = z.strictObject({
  cron: text('a cron expression of five fields, such as "0 * * * *"').describe(
    "When: minute, hour, day of the month, month, day of the week.",
  ),
  "time-zone": text("a time zone such as Europe/Berlin")
    .prefault("UTC")
    .describe("The IANA time zone in which `cron` is meant. Default: UTC."),
  window: duration
    .refine((ms) => ms >= 5 * MINUTE, { error: "a duration of at least 5m" })
    .refine((ms) => ms <= DAY, { error: "a duration of at most 24h" })
    .prefault("1h")
    .describe("How much of the time before each moment is judged, against the baseline before that. Default: 1h."),
});

const rollbackSchema = z.strictObject({
  "on-fail": z
    .enum(["automatic", "ask", "never"], { error: "one of `automatic`, `ask`, `never`" })
    .prefault("ask")
    .describe("What a FAIL does: restore by itself, ask, or only report."),
  "automatic-until": duration
    .prefault("1h")
    .describe("With `automatic`: counted from the switch; a later FAIL asks instead."),
  "ask-timeout": duration.prefault("15m").describe("How long the question waits for an answer."),
  "ask-default": z
    .enum(["rollback", "keep"], { error: "one of `rollback`, `keep`" })
    .prefault("keep")
    .describe("What is done when nobody answers."),
});

const redactSchema = z.strictObject({
  keep: z
    .array(
      z.enum(REDACTION_CLASSES, {
        error:
          "one of `emails`, `ips`, `query-strings`; secrets (tokens, keys, passwords, cookies) are always taken out",
      }),
      { error: 'a list, such as "[ips]"' },
    )
    .prefault([])
    .describe(
      "What stays readable: e-mail addresses, IP addresses, query strings of URLs. Default: none of them. Secrets (tokens, keys, passwords, cookies) never do.",
    ),
  also: z
    .array(text("a regular expression"), { error: "a list of regular expressions, such as [cust_\\d{6,12}]" })
    .max(20, { error: "at most 20 patterns" })
    .prefault([])
    .describe(
      "Regular expressions of what else is taken out, shown as [redacted]. Without look-around and back-references, and so that the same text never matches in two ways: they meet hostile text.",
    ),
});

const reportSchema = z.strictObject({
  "pull-request": flag.optional().describe("Comment on the pull request. Default: true where there is a `repository`."),
  "commit-status": flag.optional().describe("Set a status on the deployed commit. Default: false."),
  deployment: flag
    .optional()
    .describe(
      "Tell GitHub's deployments of the commit how it stands, recording one where no workflow did. Default: false.",
    ),
  environment: text("a GitHub environment's name", 255)
    .optional()
    .describe("The GitHub environment of that deployment. Default: production."),
  redact: redactSchema
    .optional()
    .describe("What is taken out of everything that is told, sent or journaled, besides secrets, which always are."),
});

const notifySchema = z.strictObject({
  webhook: z
    .string({ error: 'a reference to the environment, such as "${{ env.RUNBOOK_WEBHOOK }}"' })
    .optional()
    .describe("Address of a webhook, always as `${{ env.NAME }}`, because the address is a secret."),
  secret: z
    .string({ error: 'a reference to the environment, such as "${{ env.RUNBOOK_WEBHOOK_SECRET }}"' })
    .optional()
    .describe(
      "Signs the webhook's messages: X-Runbook-Signature-256 is sha256=HMAC(secret, X-Runbook-Timestamp + '.' + body).",
    ),
  slack: z
    .string({ error: 'a reference to the environment, such as "${{ env.SLACK_WEBHOOK }}"' })
    .optional()
    .describe("Address of an incoming webhook of Slack or of what takes the same messages, as `${{ env.NAME }}`."),
});

/** Input: the YAML. Output: the same keys with durations in milliseconds and the defaults that need no second look. */
export const runbookFileSchema = z.strictObject({
  name: word("the runbook's name").describe("The runbook's name, the same as the file's."),
  description: text("a description", 2000).optional().describe("What this runbook deploys, in a sentence."),
  repository: z
    .string({ error: "owner/name" })
    .regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$|\$\{\{/, { error: "owner/name, as on GitHub" })
    .optional()
    .describe("The repository on GitHub, owner/name: its workflows are run and its pull requests are told."),
  inputs: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, { error: "a name of letters, digits, `_` and `-`" }),
      inputSchema,
      { error: "the inputs, by name" },
    )
    .prefault({})
    .describe("Values given with `--input name=value`."),
  services: z
    .record(word("a service's name"), serviceSchema, { error: "the services, by name" })
    .refine((services) => Object.keys(services).length > 0, { error: "at least one service" })
    .describe("Everything that this deploy touches, by name."),
  steps: z
    .array(stepSchema, { error: "a list of steps" })
    .min(1, { error: "at least one step" })
    .max(100, { error: "at most 100 steps" })
    .describe("The deploy, in order. A step that fails stops it."),
  monitor: monitorSchema.optional().describe("How production is judged after the switch."),
  schedule: scheduleSchema
    .optional()
    .describe(
      "Checks that are not tied to a deploy: `runbook serve` and `runbook check --due` judge the monitor's checks at these moments. They tell, and change nothing.",
    ),
  rollback: rollbackSchema.prefault({}).describe("What a FAIL does."),
  report: reportSchema.prefault({}).describe("Where the run reports."),
  notify: notifySchema.prefault({}).describe("Who is told what needs a person."),
});
export type RunbookFile = z.infer<typeof runbookFileSchema>;
