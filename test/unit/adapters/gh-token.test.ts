/** The GitHub CLI's token, from a `gh` that the test puts on the path. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ghToken } from "../../../src/adapters/gh-token.ts";

async function pathWith(script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "gh-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "gh"), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, "gh"), 0o755);
  return directory;
}

test.each([
  ["the one it prints", 'echo "gho_0123456789"', "gho_0123456789"],
  ["none, when it is not logged in", 'echo "no oauth token found" >&2; exit 1', undefined],
  ["none, when what it prints is no token", 'echo "you are not logged in"', undefined],
])("%s", async (_what, script, token) => {
  expect(await ghToken({ PATH: await pathWith(script) })).toBe(token);
});

test("none without a gh", async () => {
  expect(await ghToken({ PATH: "/nowhere" })).toBeUndefined();
});

test.each([
  ["https://api.github.com", "auth.token.--hostname.github.com"],
  ["https://git.example.com/api/v3", "auth.token.--hostname.git.example.com"],
])("asked for the host of %s", async (baseUrl, asked) => {
  const PATH = await pathWith('echo "$1.$2.$3.$4"');
  expect(await ghToken({ PATH }, baseUrl)).toBe(asked);
});
