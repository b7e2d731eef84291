/** The one style sheet of every page: light, dark, narrow, wide and printed. Verdicts have a shape and a word besides a colour. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f7f9; --line: #dfe3e8; --ink: #16191d; --soft: #565e69; --accent: #2b50c8;
  --pass: #14713d; --warn: #8a5a00; --fail: #b3261e; --inconclusive: #6a4a9c;
  --pass-tint: #e8f4ec; --warn-tint: #fbf1dc; --fail-tint: #fbe9e7; --inconclusive-tint: #f0ebf8;
  --bar: #8b95a1; --since: #4a525c; --band: #2b50c81f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #101317; --panel: #181c22; --line: #2d343d; --ink: #e8eaed; --soft: #a3acb8; --accent: #93aeff;
    --pass: #6fce93; --warn: #e5b454; --fail: #ff8f85; --inconclusive: #c3a6f2;
    --pass-tint: #14261c; --warn-tint: #2b2313; --fail-tint: #331c1a; --inconclusive-tint: #241d31;
    --bar: #626d7a; --since: #b9c1cb; --band: #93aeff2e;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1.25rem clamp(1rem, 4vw, 2.5rem) 4rem;
  background: var(--paper); color: var(--ink);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, ul, ol, dl, dd, figure, pre { margin: 0; padding: 0; }
h1 { font-size: clamp(1.9rem, 6vw, 2.75rem); line-height: 1.1; font-weight: 650; letter-spacing: -0.02em; }
h2 { font-size: 1.2rem; font-weight: 620; letter-spacing: -0.01em; margin: 3rem 0 0.85rem; }
h3 { font-size: 1rem; font-weight: 620; }
h4 { font-size: 0.875rem; font-weight: 600; margin: 1.35rem 0 0.4rem; }
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 0.06em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
ul, ol { list-style: none; }
code, pre, .code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.86em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.6rem 0.75rem; overflow-x: auto; }
.soft { color: var(--soft); }
.skip { position: absolute; left: -9999px; }
.skip:focus { position: static; }

.top { display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap; font-size: 0.8125rem; color: var(--soft); }
.hero { margin-top: 1.75rem; }
.hero .verdict-line { display: flex; align-items: center; gap: 0.75rem; }
.hero .mark { width: 2.6rem; height: 2.6rem; flex: none; }
.hero .why { font-size: 1.1rem; margin-top: 0.9rem; max-width: 60ch; }
.hero .state { margin-top: 0.35rem; color: var(--soft); max-width: 75ch; }
.note { margin-top: 1rem; padding: 0.6rem 0.85rem; border-left: 3px solid var(--line); background: var(--panel); border-radius: 0 6px 6px 0; max-width: 90ch; }
.note.bad { border-color: var(--fail); background: var(--fail-tint); }
.note.ask { border-color: var(--warn); background: var(--warn-tint); }
.note li + li { margin-top: 0.25rem; }

.pass { color: var(--pass); } .warn { color: var(--warn); } .fail { color: var(--fail); } .inconclusive { color: var(--inconclusive); }
.mark { display: inline-block; width: 1.05em; height: 1.05em; vertical-align: -0.17em; flex: none; }
.word { font-weight: 650; letter-spacing: 0.01em; white-space: nowrap; }
.none { color: var(--soft); }

.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 0.9rem 1.5rem; margin-top: 1.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.facts.small { margin-top: 0.75rem; padding-top: 0; border: 0; gap: 0.6rem 1.5rem; }
.facts .long { grid-column: span 2; }
dt { font-size: 0.75rem; color: var(--soft); }
dd { overflow-wrap: anywhere; }

.checkpoints { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 12.5rem), 1fr)); gap: 0.75rem; }
.checkpoints li { border: 1px solid var(--line); border-top: 3px solid currentColor; border-radius: 6px; padding: 0.6rem 0.75rem 0.7rem; }
.checkpoints .name { font-weight: 620; color: var(--ink); }
.checkpoints .head { display: flex; justify-content: space-between; gap: 0.5rem; flex-wrap: wrap; }
.checkpoints p { color: var(--soft); font-size: 0.8125rem; margin-top: 0.2rem; }

.service { border-top: 1px solid var(--line); padding: 1.4rem 0 1.75rem; }
.service:first-of-type { border-top: 0; padding-top: 0.25rem; }
.service > header { display: flex; align-items: baseline; gap: 0.25rem 0.9rem; flex-wrap: wrap; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem 2rem; margin-top: 1rem; }
figure { min-width: 0; max-width: 36rem; }
figure.wide { max-width: none; }
.figures > p { align-self: center; }
figcaption { font-size: 0.8125rem; color: var(--soft); margin-bottom: 0.3rem; }
figcaption b { color: var(--ink); font-weight: 600; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { white-space: pre; }
.narrow { display: none !important; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; font-size: 0.78rem; color: var(--soft); margin-top: 0.3rem; }
.legend svg { width: 1.3rem; height: 0.8rem; display: inline-block; vertical-align: -0.1em; margin-right: 0.3rem; }

details { margin-top: 0.4rem; }
summary { cursor: pointer; color: var(--accent); font-size: 0.84rem; width: fit-content; padding: 0.15rem 0; }
details[open] > summary { margin-bottom: 0.4rem; }
.judged { border-top: 1px solid var(--line); padding: 0.55rem 0; margin: 0; }
.judged:last-of-type { border-bottom: 1px solid var(--line); }
.judged > summary { color: var(--ink); font-size: 0.9375rem; width: auto; }

.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; font-size: 0.84rem; margin-top: 1rem; }
caption { text-align: left; color: var(--soft); font-size: 0.78rem; padding-bottom: 0.3rem; }
th, td { text-align: left; vertical-align: top; padding: 0.42rem 0.9rem 0.42rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; font-size: 0.75rem; color: var(--soft); white-space: nowrap; }
th[scope="row"] { font-size: inherit; color: inherit; white-space: normal; min-width: 8.5rem; }
th[scope="row"].time, th[scope="row"].number { font-weight: 400; min-width: 0; white-space: nowrap; }
td { min-width: 3.5rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
.time, :is(th, td) a > code:only-child { white-space: nowrap; }
.hero td .mark { width: 1.05em; height: 1.05em; }
section > p.soft { margin-top: 0.75rem; font-size: 0.875rem; }
dd li + li { margin-top: 0.2rem; }
.patterns { max-width: 90ch; font-size: 0.875rem; }
.patterns li { padding: 0.2rem 0 0.2rem 0.9rem; border-left: 2px solid var(--line); margin-top: 0.3rem; }
.commands { display: grid; gap: 0.4rem; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 0.8125rem; color: var(--soft); }

@media screen and (max-width: 44rem) {
  .facts .long { grid-column: auto; }
  .only-wide { display: none !important; }
  .narrow { display: block !important; }
  .stack thead { position: absolute; left: -9999px; }
  .stack tr { display: block; padding: 0.55rem 0; border-bottom: 1px solid var(--line); }
  .stack td, .stack th[scope="row"] { display: block; border: 0; padding: 0.08rem 0; min-width: 0; }
  .stack td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: 0.75rem; }
}
@media print {
  :root { color-scheme: light; }
  @page { margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  h2 { margin-top: 1.75rem; }
  .only-wide { display: none !important; }
  .narrow { display: block !important; max-width: 30rem; margin-left: 1.25rem; }
  table { font-size: 8.25pt; }
  th, td { padding: 0.25rem 0.7rem 0.25rem 0; overflow-wrap: break-word; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { color: var(--ink); list-style: none; }
  .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; }
  .on-paper-lines thead { display: none; }
  .on-paper-lines tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  .on-paper-lines :is(td, th[scope="row"]) { display: inline; border: 0; padding: 0 0.9rem 0 0; }
  .on-paper-lines td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: 0.75rem; }
  .on-paper-lines td:last-child { display: block; margin-top: 0.15rem; }
  figure, .facts, .checkpoints li, tr, .service > header, .note { break-inside: avoid; }
  h2, h3, h4, summary, caption, thead { break-after: avoid; }
  .skip, .no-print { display: none; }
}
`;
