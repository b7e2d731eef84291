/** How verdicts, rates, times and names are worded, the same on every screen; knows nothing of markdown or colours. */
import { type Instant, MINUTE, formatDuration, msBetween } from "../model/time.ts";
import type { Tally, Verdict } from "../model/verdict.ts";

export const VERDICT_WORD: Readonly<Record<Verdict, string>> = {
  pass: "PASS",
  warn: "WARN",
  fail: "FAIL",
  inconclusive: "INCONCLUSIVE",
};

/** "04:07:12" */
export function time(at: Instant): string {
  return at.slice(11, 19);
}

/** "04:07:12", or "2026-04-12 04:07:12" where `at` is on another day than `day`. */
export function timeOn(at: Instant, day: Instant): string {
  return at.slice(0, 10) === day.slice(0, 10) ? time(at) : `${at.slice(0, 10)} ${time(at)}`;
}

/** "04:07 UTC", or with its date where `at` is on another day than `day`. */
export function clockOn(at: Instant, day: Instant): string {
  const clock = `${at.slice(11, 16)} UTC`;
  return at.slice(0, 10) === day.slice(0, 10) ? clock : `${at.slice(0, 10)} ${clock}`;
}

/** "T+32m": whole minutes from the first minute on. */
export function tPlus(t0: Instant, at: Instant): string {
  const ms = msBetween(t0, at);
  return `T+${formatDuration(ms >= MINUTE ? Math.floor(ms / MINUTE) * MINUTE : Math.max(0, ms))}`;
}

/** "9m3s", "under 1s"; a dash where it is not known. */
export function took(ms: number | undefined): string {
  return ms === undefined ? "–" : ms < 1_000 ? "under 1s" : formatDuration(ms);
}

/** "1,204" */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** "1 commit", "4 commits" */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** "a", "a and b", "a, b and c" */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** "1 every 3m (480 in 24h)", "34/min (170 in 5m)", "none in 24h"; a share where the requests are known. */
export function rate(tally: Tally): string {
  if (tally.minutes <= 0) return "not observed";
  const span = formatDuration(tally.minutes * MINUTE);
  if (tally.errors === 0) return `none in ${span}`;
  const share = shareOf(tally);
  const total = `${count(tally.errors)} in ${span}${share}`;
  const perMinute = tally.errors / tally.minutes;
  if (tally.errors === 1) return total;
  if (perMinute >= 1) return `${perMinute >= 10 ? count(Math.round(perMinute)) : perMinute.toFixed(1)}/min (${total})`;
  const gap = 1 / perMinute;
  return `1 every ${gap < 60 ? `${Number(gap.toFixed(gap < 10 ? 1 : 0))}m` : `${(gap / 60).toFixed(1)}h`} (${total})`;
}

function shareOf(tally: Tally): string {
  if (tally.requests === "unknown" || tally.requests === 0) return "";
  const percent = (100 * tally.errors) / tally.requests;
  return `, ${percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))} % of ${count(tally.requests)} requests`;
}

export function shortSha(sha: string): string {
  return /^[0-9a-f]{40}$/i.test(sha) ? sha.slice(0, 7) : sha;
}

/** "backend:latest" of "gcr.io/based-hardware/backend:latest"; a digest is cut to twelve digits. */
export function shortImage(image: string): string {
  return image.slice(image.lastIndexOf("/") + 1).replace(/@(sha256:[0-9a-f]{12})[0-9a-f]*/i, "@$1");
}

/** "×3.1" for the "x3.1" of a check's plain text; a name that begins with x, such as a pod's hash, stays as it is. */
export function withTimesSign(text: string): string {
  return text.replace(/(?<![\w-])x(?=\d[\d,.]*(?![\w-]))/g, "×");
}
