/** Slack and a signed webhook through a whole deploy, over sockets: refused at first, tried again, told once, and never a reason to fail. */
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createNotify } from "../../src/adapters/notify.ts";
import { deployIn, planOf } from "../../src/commands/deploy.ts";
import { findRunbook } from "../../src/commands/find-runbook.ts";
import { openSession, type Session } from "../../src/commands/session.ts";
import { httpServer, type ReceivedRequest } from "../support/http-server.ts";
import { SLOW_MS } from "../support/journey.ts";
import { SMALL, type SmallWorld, startSmallWorld } from "../support/small-world.ts";

const SECRET = "not-in-any-output";
const home = mkdtempSync(join(tmpdir(), "notifications-"));
const file = join(home, "small.yaml");
writeFileSync(
  file,
  readFileSync(SMALL, "utf8").replace(
    '  webhook: "${{ env.RUNBOOK_WEBHOOK }}"',
    '  webhook: "${{ env.RUNBOOK_WEBHOOK }}"\n  secret: "${{ env.RUNBOOK_WEBHOOK_SECRET }}"\n  slack: "${{ env.SLACK_WEBHOOK }}"',
  ),
);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The simulated cloud with the real sender of messages. */
function sending(session: Session): Session {
  const notify = createNotify();
  return {
    ...session,
    engine: (signal, observe) => {
      const deps = session.engine(signal, observe);
      return { ...deps, ports: { ...deps.ports, notify } };
    },
  };
}

async function deployed(urls: {
  webhook: string;
  slack: string;
}): Promise<{ code: number; world: SmallWorld; said: string }> {
  const world = await startSmallWorld("small-bad", "file", file, {
    RUNBOOK_WEBHOOK: urls.webhook,
    RUNBOOK_WEBHOOK_SECRET: SECRET,
    SLACK_WEBHOOK: urls.slack,
  });
  const io = world.io();
  const session = await openSession({ state: world.state, simulated: true, seed: 7 }, io);
  const found = await findRunbook(file, io);
  const options = { name: file, pr: 12, yes: true, simulated: true, toTheEnd: true, state: world.state } as const;
  try {
    const code = await deployIn(sending(session), planOf(found, { pr: 12 }, io), options);
    return { code, world, said: io.text("stdout") + io.text("stderr") };
  } finally {
    await session.close();
  }
}

const idOf = ({ headers }: ReceivedRequest): string => String(headers["idempotency-key"]).replace(/^[^/]*\//, "");

test(
  "both are told once each has taken the message; the first tries of each are refused",
  { timeout: SLOW_MS },
  async () => {
    const refusedFirst = (): Promise<Awaited<ReturnType<typeof httpServer>>> => {
      const tried = new Set<string>();
      return httpServer((request, response) => {
        const isFirst = !tried.has(idOf(request));
        tried.add(idOf(request));
        response.writeHead(isFirst ? 503 : 200).end();
      });
    };
    const [webhook, slack] = [await refusedFirst(), await refusedFirst()];
    const { code, world, said } = await deployed({
      webhook: `${webhook.url}/hook/p4th`,
      slack: `${slack.url}/services/p4th`,
    });
    expect(code).toBe(1);
    for (const { received } of [webhook, slack]) {
      const byId = Map.groupBy(received, idOf);
      expect(byId.size).toBeGreaterThanOrEqual(3);
      // Refused once, taken once, and not told again.
      for (const [id, tries] of byId) expect([id, tries.length]).toEqual([id, 2]);
    }
    for (const { headers, body } of webhook.received) {
      const signed = createHmac("sha256", SECRET)
        .update(`${String(headers["x-runbook-timestamp"])}.${body}`)
        .digest("hex");
      expect(headers["x-runbook-signature-256"]).toBe(`sha256=${signed}`);
      expect(JSON.parse(body)).toMatchObject({ text: expect.stringContaining("small") });
    }
    expect(slack.received.some(({ body }) => (JSON.parse(body) as { text: string }).text.includes("FAIL"))).toBe(true);
    const kept = JSON.stringify(await world.events()) + said;
    for (const secret of [SECRET, "p4th"]) expect(kept).not.toContain(secret);
    await world.close();
  },
);

test(
  "an endpoint that never takes a message costs five tries, is told, and changes nothing else",
  { timeout: SLOW_MS },
  async () => {
    const webhook = await httpServer((_request, response) => response.writeHead(503).end());
    const slack = await httpServer((_request, response) => response.writeHead(404).end());
    const { code, world, said } = await deployed({ webhook: webhook.url, slack: slack.url });
    expect(code).toBe(1);
    const progress = await world.progress();
    expect(progress?.finished?.outcome).toBe("rolled-back");
    // An address that is wrong stays wrong: one try. One that is out of order may come back.
    expect([...Map.groupBy(webhook.received, idOf).values()].every((tries) => tries.length <= 5)).toBe(true);
    expect([...Map.groupBy(webhook.received, idOf).values()].some((tries) => tries.length === 5)).toBe(true);
    expect([...Map.groupBy(slack.received, idOf).values()].every((tries) => tries.length === 1)).toBe(true);
    expect(Object.keys(progress?.abandonedPosts ?? {}).length).toBeGreaterThan(0);
    expect(said).toMatch(/webhook|post/);
    await world.close();
  },
);
