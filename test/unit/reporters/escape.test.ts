import { describe, expect, test } from "vitest";
import {
  codeCell,
  codeSpan,
  fence,
  link,
  marker,
  plainLine,
  plainLines,
  prose,
  safeAddress,
  tableCell,
} from "../../../src/reporters/escape.ts";
import { asciiOf } from "../../../src/reporters/paint.ts";
import { HOSTILE } from "../../support/hostile-corpus.ts";

const INVISIBLE = /(?![\n\u200B])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** The content of a code span: what CommonMark makes of it, or undefined when it is not one whole span. */
function insideSpan(span: string): string | undefined {
  const ticks = /^`+/.exec(span)?.[0] ?? "";
  if (ticks === "" || !span.endsWith(ticks)) return undefined;
  const inner = span.slice(ticks.length, -ticks.length);
  const runs = inner.match(/`+/g) ?? [];
  return runs.some((run) => run.length === ticks.length) || inner.startsWith("`") || inner.endsWith("`")
    ? undefined
    : inner;
}

/** Splits a table row as GitHub's tables do: at pipes that no backslash precedes. */
function cellsOf(row: string): number {
  return row.replace(/\\[\s\S]/g, "").split("|").length;
}

test("the table of hostile strings is long enough to mean something", () => {
  expect(new Set(HOSTILE.map(({ text }) => text)).size).toBeGreaterThanOrEqual(200);
});

describe.each(HOSTILE.map(({ name, text }) => [name, text] as const))("%s", (_name, text) => {
  test("codeSpan is one whole span on one line", () => {
    const span = codeSpan(text);
    expect(span).not.toMatch(/\n/);
    expect(span).not.toMatch(INVISIBLE);
    expect(insideSpan(span)).toBeDefined();
    expect(Array.from(span).length).toBeLessThan(700);
  });

  test("codeCell stays within its cell", () => {
    const cell = codeCell(text);
    expect(cellsOf(`| ${cell} | next |`)).toBe(4);
    expect(insideSpan(cell)).toBeDefined();
  });

  test("tableCell stays within its cell, and marks nothing up", () => {
    const cell = tableCell(text);
    expect(cell).not.toBe("");
    expect(cell).not.toMatch(/[\n|<>`[\]*]/);
    expect(cell).not.toMatch(INVISIBLE);
  });

  test("prose mentions nobody, refers to nothing, loads nothing", () => {
    const line = prose(text);
    expect(line).not.toMatch(/@(?!\u200B)\S/);
    expect(line).not.toMatch(/(?<!&)#\d/);
    expect(line).not.toMatch(/\bgh-\d/i);
    expect(line).not.toMatch(/:\/\/|\bwww\./i);
    expect(line).not.toMatch(/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b/);
    expect(line).not.toMatch(/[<>`[\]*|~\\$\n]/);
    expect(line).not.toMatch(/:[a-z]+:/);
    expect(line).not.toMatch(/^(?:[-+#=]|\d+[.)])(?:\s|$)/);
    expect(line).not.toMatch(/&(?!#\d+;)/);
  });

  test("fence cannot be closed from within, and is capped", () => {
    const [open = "", ...rest] = fence(text).split("\n");
    const ticks = /^`+/.exec(open)?.[0] ?? "";
    expect(ticks.length).toBeGreaterThanOrEqual(3);
    expect(rest.at(-1)).toBe(ticks);
    expect(rest.slice(0, -1).join("\n")).not.toContain(ticks);
    expect(rest.length).toBeLessThanOrEqual(14);
    expect(Math.max(...rest.slice(0, -1).map(({ length }) => length))).toBeLessThanOrEqual(480);
    expect(rest.join("\n")).not.toMatch(INVISIBLE);
  });

  test("plainLine is one line that a terminal takes literally", () => {
    expect(plainLine(text)).not.toMatch(/\n|##\[/);
    expect(plainLine(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(plainLines(text)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  test("ASCII forms bring no command of a runner about", () => {
    expect(asciiOf(plainLine(text))).not.toMatch(/^\s*::|##\w*\[/);
  });

  test("a marker is one closed comment", () => {
    expect(marker(text, text)).toMatch(/^<!-- runbook:v1 run=[\w:.-]* key=[\w:.-]* -->$/);
    expect(marker(text, text).slice(4, -3)).not.toContain("--");
  });
});

describe("what is said stays readable", () => {
  test.each([
    ["GET /v1/a|b", codeCell("GET /v1/a|b"), "`GET /v1/a\\|b`"],
    ["backtick", codeSpan("a`b"), "``a`b``"],
    ["only a backtick", codeSpan("`"), "`` ` ``"],
    ["snake_case", prose("gcp_backend.yml (main)"), "gcp_backend.yml (main)"],
    ["ANSI", plainLine("\u001B[1;31mFAIL\u001B[0m now"), "FAIL now"],
    ["an OSC title", plainLine("\u001B]0;evil\u0007ok"), "ok"],
    ["bidi", plainLine("a\u202Eb"), "ab"],
    ["an empty cell", tableCell(" "), "–"],
    ["a token in a fence", fence("Authorization: Bearer abcdef123456"), "```text\nAuthorization: Bearer [secret]\n```"],
  ])("%s", (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });

  test("cuts on code points", () => {
    expect(plainLine("😀".repeat(10), 5)).toBe("😀😀😀😀…");
  });

  test("says how many lines a fence left out", () => {
    expect(fence("a\nb\nc\nd", { lines: 2 })).toBe("```text\na\nb\n… (2 more lines left out)\n```");
  });
});

describe("links", () => {
  test.each([
    ["https://github.com/o/r/actions/runs/1", "https://github.com/o/r/actions/runs/1"],
    ["https://x.example/a)b(c", "https://x.example/a%29b%28c"],
    ["https://x.example/a|b c", "https://x.example/a%7Cb%20c"],
    ["javascript:alert(1)", undefined],
    ["data:text/html,x", undefined],
    ["https://user:pass@x.example/", undefined],
    ["not a url", undefined],
    [undefined, undefined],
  ])("%s", (address, expected) => {
    expect(safeAddress(address)).toBe(expected);
  });

  test("without a safe address only the label is left", () => {
    expect(link("run 1", "javascript:alert(1)")).toBe("run 1");
  });
});
