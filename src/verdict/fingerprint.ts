/** From an error's text or stack to its signature: exception, message without ids, innermost frames. Judges nothing. */
import { type Redaction, STANDARD, redact } from "../model/redact.ts";

const MAX_TEXT = 8_000;
const MAX_MESSAGE = 160;
const MAX_FRAMES = 3;

/**
 * "ImportError: cannot import name 'x' from 'y' @ main.py:load < app.py:<module>"; undefined for a line that only continues
 * another entry's stack, or that its own text calls less than an error. Equal for equal faults: no addresses, ids, line numbers.
 */
export function fingerprint(text: string, redaction: Redaction = STANDARD): string | undefined {
  const lines = text.slice(0, MAX_TEXT).split(/\r?\n/);
  const message = messageOf(lines);
  if (message === undefined || isBelowError(message)) return undefined;
  const frames = framesOf(lines).slice(0, MAX_FRAMES);
  const signature = normalised(redact(message.slice(0, 2 * MAX_MESSAGE), redaction))
    .slice(0, MAX_MESSAGE)
    .trim();
  return frames.length === 0 ? signature : `${signature} @ ${frames.join(" < ")}`;
}

/** Text without what differs between two occurrences of the same thing. */
export function normalised(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)]+/gi, "<url>")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:?\d\d)?/g, "<time>")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "<id>")
    .replace(/\b0x[0-9a-f]+\b/gi, "<id>")
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, "<id>")
    .replace(/\b(?=\w*\d)(?=\w*[A-Za-z])\w{20,}\b/g, "<id>")
    .replace(/(?<![A-Za-z])\d+([.,:]\d+)*/g, "#")
    .replace(/\s+/g, " ")
    .trim();
}

const EXCEPTION = /^(?:[\w.$]*[A-Z]\w*)?(?:Error|Exception|Warning|Exit|Interrupt|Fault|Panic|Failure)\b/;
const FRAME_LINE =
  /^\s*(at\s+\S|File "|\.\.\. \d+ more|goroutine \d|\t|\^+$|~*\^+)|^Traceback \(most recent call last\)/;

/** Python puts the exception last, others first; a text without an exception speaks by its first line. */
function messageOf(lines: readonly string[]): string | undefined {
  const telling = lines.filter((line) => line.trim() !== "" && !FRAME_LINE.test(line) && !/^\s{2,}\S/.test(line));
  if (telling.length === 0) return undefined;
  const traceback = lines.findIndex((line) => line.startsWith("Traceback (most recent call last)"));
  if (traceback !== -1) return telling.findLast((line) => EXCEPTION.test(line)) ?? telling.at(-1);
  return telling.find((line) => EXCEPTION.test(line)) ?? telling[0];
}

/** Standard error of a pod is severity ERROR whatever it says: a line that calls itself INFO is believed. */
function isBelowError(message: string): boolean {
  const head = message.slice(0, 80);
  return (
    /(^|[\s[("|:])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING)([\s\])"|:]|$)/.test(head) &&
    !/ERROR|CRITICAL|FATAL|PANIC|[a-z](Error|Exception)\b/.test(message)
  );
}

/** Innermost first: where it broke. File names without directories, functions, no positions. */
function framesOf(lines: readonly string[]): string[] {
  const python = lines.flatMap((line) => {
    const [, file, name] = /^\s*File "([^"]+)", line \d+(?:, in (\S+))?/.exec(line) ?? [];
    return file === undefined ? [] : [`${baseName(file)}:${name ?? "?"}`];
  });
  if (python.length > 0) return python.reverse();
  return lines.flatMap((line) => {
    const [, called, place] = /^\s*at\s+(?:async\s+)?([^\s(]+)?\s*\(?([^)]*)\)?/.exec(line) ?? [];
    if (called === undefined && place === undefined) return [];
    const isPlace = called === undefined || /[:/]/.test(called);
    return [isPlace ? baseName(called ?? place ?? "?") : called.replace(/0x[0-9a-f]+/gi, "")];
  });
}

function baseName(path: string): string {
  return (path.split(/[/\\]/).at(-1) ?? path).replace(/(:\d+)+$/, "");
}
