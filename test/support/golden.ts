/** Compares text with a golden file; `UPDATE_GOLDEN=1` writes it instead. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** `path` is relative to the directory of the test (`import.meta.url`). */
export function expectGolden(testUrl: string, path: string, text: string): void {
  const file = fileURLToPath(new URL(path, testUrl));
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
