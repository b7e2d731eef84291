/** The messages that a run wants delivered, in order, as a pure function of where it stands. Delivery is the crank's. */
import type { CommentPost, Post, WebhookPost } from "../model/post.ts";
import type { Progress } from "../model/progress.ts";
import type { Instant } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import { deploymentPosts } from "./deployment-posts.ts";
import { marker, plainLine } from "./escape.ts";
import { checkpointComment, finishComment, progressComment, questionComment, rollbackComment } from "./pull-request.ts";
import { currentJudgement, reportOf } from "./report.ts";
import { VERDICT_WORD, clockOn } from "./words.ts";

/**
 * Comments need a pull request and a repository; statuses a full commit; webhooks an address in the runbook. A comment that
 * is written once and has been delivered is not wanted any more.
 */
export function postsOf(progress: Progress): readonly Post[] {
  return [...comments(progress), ...statuses(progress), ...deploymentPosts(progress), ...webhooks(progress)];
}

/**
 * The bodies of the comments that a run wants, in the order in which they came to be wanted, also where there is no pull
 * request to put them on: a rehearsal shows them.
 */
export function commentBodies(progress: Progress): readonly { key: string; mode: CommentPost["mode"]; body: string }[] {
  return wantedComments(progress).map(({ key, mode, render }) => ({ key, mode, body: render() }));
}

/** What was told last, as the comment that tells it: where there is no news yet, the progress. */
export function latestComment(progress: Progress): string {
  return wantedComments(progress).at(-1)?.render() ?? "";
}

/** A comment that is wanted; rendering it is left to who needs the body. */
interface WantedComment {
  readonly key: string;
  readonly mode: CommentPost["mode"];
  readonly at: Instant;
  readonly render: () => string;
}

function wantedComments(progress: Progress): readonly WantedComment[] {
  const { checkpoints, questions, rollback, finished, startedAt } = progress;
  const happened: WantedComment[] = [
    ...Object.values(checkpoints).map(({ at, checkpoint }) => ({
      at,
      key: `comment:checkpoint:${checkpoint}`,
      mode: "once" as const,
      render: () => checkpointComment(progress, checkpoint),
    })),
    ...Object.values(questions).map(({ askedAt, question }) => ({
      at: askedAt,
      key: `comment:question:${question.id}`,
      mode: "once" as const,
      render: () => questionComment(progress, question.id),
    })),
  ];
  if (rollback !== undefined) {
    happened.push({ at: rollback.at, key: "comment:rollback", mode: "edit", render: () => rollbackComment(progress) });
  }
  if (finished !== undefined && isNewsAtTheEnd(progress)) {
    happened.push({ at: finished.at, key: "comment:finished", mode: "once", render: () => finishComment(progress) });
  }
  return [
    { at: startedAt, key: "comment:progress", mode: "edit", render: () => progressComment(progress) },
    ...happened.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
  ];
}

function comments(progress: Progress): readonly Post[] {
  const { runbook, pullRequest } = progress.plan;
  const { repository } = runbook;
  if (!runbook.report.pullRequest || repository === undefined || pullRequest === undefined) return [];
  return wantedComments(progress)
    .filter(({ key, mode }) => mode === "edit" || progress.effects[`post:${key}/create`]?.state !== "done")
    .map(({ key, mode, render }) => ({
      kind: "comment",
      key,
      repository,
      pullRequest,
      marker: marker(progress.run, key),
      body: render(),
      mode,
    }));
}

/** A rollback and the last checkpoint have comments of their own. */
function isNewsAtTheEnd(progress: Progress): boolean {
  switch (progress.finished?.outcome) {
    case undefined:
    case "rolled-back":
      return false;
    case "completed":
      return Object.keys(progress.checkpoints).length === 0;
    case "failing":
    case "stopped":
    case "superseded":
    case "aborted":
      return true;
  }
}

const STATUS_STATE = { pass: "success", warn: "success", fail: "failure", inconclusive: "error" } as const;

/** One status per judged checkpoint and deployed commit, and a last one when the run ends badly: the newest counts. */
function statuses(progress: Progress): readonly Post[] {
  const { runbook } = progress.plan;
  const { repository } = runbook;
  if (!runbook.report.commitStatus || repository === undefined) return [];
  const deployed = Object.values(progress.switched).flatMap(({ commit }) => commit ?? []);
  // GitHub takes statuses for full commit ids only.
  const shas = [...new Set(deployed)].filter((sha) => /^[0-9a-f]{40}$/.test(sha)).sort();
  const judged = Object.values(progress.checkpoints).sort((a, b) => a.seq - b.seq);
  const told = judged.map(({ checkpoint, verdict, at, nextAt }) => ({
    name: `checkpoint:${checkpoint}`,
    state: STATUS_STATE[verdict],
    description: `${VERDICT_WORD[verdict]} at T+${checkpoint}${nextAt === undefined ? "" : `; next at ${clockOn(nextAt, at)}`}`,
  }));
  const outcome = progress.finished?.outcome;
  const end =
    outcome === "rolled-back" || outcome === "failing"
      ? [
          {
            name: "finished",
            state: "failure" as const,
            description: plainLine(reportOf(progress).state.sentence, 120),
          },
        ]
      : [];
  return [...told, ...end].flatMap(({ name, state, description }) =>
    shas.map((sha) => ({
      kind: "commit-status" as const,
      key: `status:${name}:${sha.slice(0, 7)}`,
      repository,
      sha,
      context: `runbook/${runbook.name}`,
      state,
      description,
    })),
  );
}

/** What a person must hear of at once: a FAIL, a question, a rollback; to each address that the runbook names. */
function webhooks(progress: Progress): readonly Post[] {
  const { webhook, secret, slack } = progress.plan.runbook.notify;
  const addresses: readonly WebhookAddress[] = [
    ...(webhook === undefined
      ? []
      : [{ name: "webhook", format: "json" as const, urlReference: webhook, secretReference: secret }]),
    ...(slack === undefined
      ? []
      : [{ name: "slack", format: "slack" as const, urlReference: slack, secretReference: undefined }]),
  ];
  return addresses.flatMap((address) => messagesTo(address, progress));
}

interface WebhookAddress extends Pick<WebhookPost, "format" | "urlReference"> {
  readonly name: string;
  readonly secretReference: string | undefined;
}

function messagesTo({ name, secretReference, ...address }: WebhookAddress, progress: Progress): readonly WebhookPost[] {
  const report = reportOf(progress);
  const subject = `${report.runbook} (run ${report.run})`;
  const post = (key: string, text: string, verdict?: Verdict): WebhookPost => ({
    kind: "webhook",
    key: `${name}:${key}`,
    ...address,
    ...(secretReference === undefined ? {} : { secretReference }),
    text: plainLine(text, 1_000),
    fields: {
      run: report.run,
      runbook: report.runbook,
      state: report.state.word,
      ...(verdict === undefined ? {} : { verdict }),
      ...(report.pullRequest === undefined || report.repository === undefined
        ? {}
        : { pullRequest: `https://github.com/${report.repository}/pull/${report.pullRequest}` }),
    },
  });
  const judged = currentJudgement(progress);
  return [
    ...(judged?.verdict === "fail" ? [post("fail", `FAIL · ${subject}: ${judged.reason}`, "fail")] : []),
    ...Object.values(progress.questions).map(({ question, askedAt }) =>
      post(
        `question:${question.id}`,
        `Answer needed by ${clockOn(question.deadline, askedAt)} · ${subject}: ${question.text} (${question.options
          .map((option) => `runbook answer ${report.run} ${option}`)
          .join(" | ")}; without an answer: ${question.fallback})`,
      ),
    ),
    ...(progress.rollback === undefined
      ? []
      : [post("rollback", `Rolling back · ${subject}: ${progress.rollback.because}`)]),
  ];
}
