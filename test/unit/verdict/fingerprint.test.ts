/** Signatures: the same fault gives the same text, another fault another one. */
import { describe, expect, test } from "vitest";
import { STANDARD } from "../../../src/model/redact.ts";
import { exampleOf } from "../../../src/verdict/example.ts";
import { fingerprint } from "../../../src/verdict/fingerprint.ts";

const python = (line: number, user: string): string =>
  [
    "Traceback (most recent call last):",
    `  File "/app/main.py", line ${line}, in handle`,
    "    return load(user)",
    `  File "/app/store/load.py", line ${line + 7}, in load`,
    "    raise KeyError(user)",
    `KeyError: '${user}'`,
  ].join("\n");

describe("signatures", () => {
  test.each([
    ["plain text", "timeout after 3000 ms calling https://x.y/z?id=7", "timeout after # ms calling <url>"],
    ["a UUID", "no session 3fa85f64-5717-4562-b3fc-2c963f66afa6", "no session <id>"],
    ["an address", "segfault at 0x7ffe12ab", "segfault at <id>"],
    ["a time and a level", "2026-04-12 04:07:12,123 ERROR db: gone", "<time> ERROR db: gone"],
    ["a mail address", "cannot notify a.b@example.org", "cannot notify [e-mail]"],
    ["names keep their digits", "utf8 decode failed in v2", "utf8 decode failed in v2"],
    ["an import error", "ImportError: cannot import name 'x' from 'y'", "ImportError: cannot import name 'x' from 'y'"],
  ])("%s", (_name, text, expected) => {
    expect(fingerprint(text)).toBe(expected);
  });

  test("Python: the exception and the innermost frames, not lines", () => {
    expect(fingerprint(python(12, "a1"))).toBe("KeyError: 'a1' @ load.py:load < main.py:handle");
    expect(fingerprint(python(12, "a1"))).toBe(fingerprint(python(90, "a1")));
  });

  test("JavaScript and Java", () => {
    expect(fingerprint("TypeError: x is not a function\n    at run (/app/a.js:10:3)\n    at /app/b.js:7:1")).toBe(
      "TypeError: x is not a function @ run < b.js",
    );
    expect(fingerprint("java.lang.IllegalStateException: no\n\tat com.a.B.run(B.java:12)")).toBe(
      "java.lang.IllegalStateException: no @ com.a.B.run",
    );
    expect(fingerprint("Error: boom\n    at f (x.js:1:1)")).toBe("Error: boom @ f");
  });

  test.each([
    ['  File "/app/main.py", line 12, in handle'],
    ["Traceback (most recent call last):"],
    ["    at run (/app/a.js:10:3)"],
    ["    return load(user)"],
    ["INFO:     127.0.0.1 - GET /health 200"],
    ["2026-04-12 04:07:12 WARNING slow"],
    ["[DEBUG] x"],
    [""],
  ])("tells of no error of its own: %s", (text) => {
    expect(fingerprint(text)).toBeUndefined();
  });

  test("INFO about an error is an error", () => {
    expect(fingerprint("INFO worker: ValueError raised")).toBeDefined();
  });
});

test("examples are redacted and cut", () => {
  expect(exampleOf("login of a@b.org with password=hunter2 failed", STANDARD)).toBe(
    "login of [e-mail] with password=[secret] failed",
  );
  expect(exampleOf("Authorization: Bearer abc.def.ghi", STANDARD)).not.toContain("abc.def");
  expect(exampleOf("key eyJhbGciOiJIUzI1.eyJzdWIi.c2ln and ghp_abcdefgh12345678", STANDARD)).toBe(
    "key [jwt] and [token]",
  );
  expect(exampleOf("x".repeat(1000), STANDARD)).toHaveLength(300);
});
