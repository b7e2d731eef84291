/** Delivers what the run wants posted: each with an intent, found again by its marker, retried, and never a reason to fail. */
import { PortFailure } from "../model/error.ts";
import { digestOf, type Json } from "../model/json.ts";
import type { CommentPost, Post } from "../model/post.ts";
import { msBetween, plusMs, SECOND } from "../model/time.ts";
import { sendDeployment } from "./deployment-post.ts";
import { effectsOf } from "./effect.ts";
import { failureOf, isTransient, retryAt } from "./failure.ts";
import type { ItemResult, Turn } from "./turn.ts";

const MOST_ATTEMPTS = 5;
/** Editing one comment more often than this helps nobody and eats GitHub's content limit. */
const EDIT_EVERY_MS = 30 * SECOND;

export async function deliverPosts(turn: Turn): Promise<readonly ItemResult[]> {
  const results: ItemResult[] = [];
  for (const post of turn.deps.posts(turn.progress)) {
    if (turn.progress.abandonedPosts[post.key] !== undefined) continue;
    results.push(await deliver(turn, post));
  }
  return results;
}

async function deliver(turn: Turn, post: Post): Promise<ItemResult> {
  const item = `post:${post.key}`;
  const before = turn.progress.items[item];
  if (before?.retryAt !== undefined && turn.now < before.retryAt) {
    return {
      item,
      for: `another try to post ${post.key}: ${before.failure?.what ?? ""}`,
      since: before.since,
      lookAt: before.retryAt,
    };
  }
  try {
    return await send(turn, post, item);
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    return keepPostFailure(turn, post, item, error);
  }
}

async function keepPostFailure(turn: Turn, post: Post, item: string, error: unknown): Promise<ItemResult> {
  const attempt = (turn.progress.items[item]?.attempts ?? 0) + 1;
  if (!isTransient(error) || attempt >= MOST_ATTEMPTS) {
    await turn.record({ type: "post-abandoned", post: post.key, failure: failureOf(error) });
  } else {
    const at = retryAt(turn.now, attempt, error, () => turn.deps.random());
    await turn.record({ type: "item-retrying", item, attempt, failure: failureOf(error), retryAt: at });
  }
  return "changed";
}

async function send(turn: Turn, post: Post, item: string): Promise<ItemResult> {
  switch (post.kind) {
    case "comment":
      return sendComment(turn, post, item);
    case "commit-status":
      return once(turn, item, `set commit status ${post.context}`, async () => {
        await turn.deps.ports.pullRequests.setCommitStatus(post.repository, post);
        return null;
      });
    case "deployment":
      return sendDeployment(turn, post, item);
    case "webhook":
      return once(turn, item, `notify the webhook of ${post.key}`, async () => {
        const secret = post.secretReference;
        await turn.deps.ports.notify.post(resolved(turn, post.urlReference), {
          id: `${turn.lease.run}/${post.key}`,
          format: post.format,
          text: post.text,
          fields: post.fields,
          at: turn.now,
          ...(secret === undefined ? {} : { secret: resolved(turn, secret) }),
        });
        return null;
      });
  }
}

/** A message that should be signed is never sent unsigned: an empty secret is a missing one. */
function resolved(turn: Turn, reference: string): string {
  const value = turn.deps.resolveText(reference);
  if (value === undefined || value === "") throw new PortFailure("invalid", `${reference} is not set`);
  return value;
}

/** Idempotent for the receiver (a status replaces itself, a webhook carries an id): in doubt it is sent again. */
async function once(turn: Turn, item: string, what: string, act: () => Promise<Json>): Promise<ItemResult> {
  if (turn.progress.effects[`${item}/send`]?.state === "done") return "idle";
  await effectsOf(turn, item)({ key: "send", what, find: async () => ({ found: true, result: await act() }), act });
  return "changed";
}

async function sendComment(turn: Turn, post: CommentPost, item: string): Promise<ItemResult> {
  const created = turn.progress.effects[`${item}/create`];
  const digest = digestOf(post.body).slice(0, 12);
  if (created?.state !== "done") {
    await createComment(turn, post, item, digest);
    return "changed";
  }
  if (post.mode === "once") return "idle";
  const result = created.result as { id: number; digest: string };
  const edits = Object.entries(turn.progress.effects).filter(([key]) => key.startsWith(`${item}/edit:`));
  const last = edits.at(-1);
  const shown = last === undefined ? result.digest : last[0].slice(`${item}/edit:`.length).split("#")[1];
  if (shown === digest && last?.[1].state !== "intended") return "idle";
  const lastAt = last?.[1].at ?? created.at;
  // The last word is never held back.
  if (turn.progress.finished === undefined && msBetween(lastAt, turn.now) < EDIT_EVERY_MS) {
    return {
      item: `edit:${post.key}`,
      for: "the next edit of the progress comment",
      since: lastAt,
      lookAt: plusMs(lastAt, EDIT_EVERY_MS),
    };
  }
  await editComment(turn, post, item, result.id, `edit:${edits.length + 1}#${digest}`);
  return "changed";
}

async function createComment(turn: Turn, post: CommentPost, item: string, digest: string): Promise<void> {
  const { pullRequests } = turn.deps.ports;
  await effectsOf(
    turn,
    item,
  )({
    key: "create",
    what: `comment on pull request #${post.pullRequest}: ${post.key}`,
    find: async () => {
      const [ours] = await pullRequests.findComments(post.repository, post.pullRequest, post.marker);
      // What it says is not known: an empty digest makes an editable comment be edited next.
      return ours === undefined
        ? { found: false }
        : { found: true, result: { id: ours.id, url: ours.url, digest: "" } };
    },
    act: async () => {
      const comment = await pullRequests.createComment(post.repository, post.pullRequest, post.body);
      return { id: comment.id, url: comment.url, digest };
    },
  });
}

/** Replacing a body by the same body changes nothing: in doubt the edit is made again. */
async function editComment(turn: Turn, post: CommentPost, item: string, id: number, key: string): Promise<void> {
  const act = async (): Promise<Json> => {
    await turn.deps.ports.pullRequests.updateComment(post.repository, id, post.body);
    return null;
  };
  await effectsOf(
    turn,
    item,
  )({ key, what: `edit comment ${id}`, find: async () => ({ found: true, result: await act() }), act });
}
