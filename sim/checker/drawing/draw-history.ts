/**
 * Draws a history, its verdict and other findings as one self-contained HTML page: it needs no network and no other file.
 */
import type { History } from '../history/history-reader.ts';
import type { HistoryVerdict } from '../verdict.ts';
import type { DrawingAssets } from './drawing-assets.ts';
import { toDrawing, type DrawnFinding } from './drawing-data.ts';

export function drawHistory(
  history: History,
  verdict: HistoryVerdict,
  assets: DrawingAssets,
  findings: readonly DrawnFinding[] = [],
): string {
  // In a script element only "</" could end the data early; escaped, it is the same JSON.
  const data = JSON.stringify(toDrawing(history, verdict, findings)).replaceAll('<', String.raw`\u003c`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>${titles[verdict.kind]}${count(findings.length)} · vase check</title>
<style>
${assets.style}</style>
</head>
<body>
${body}
<script type="application/json" id="data">${data}</script>
<script>
${assets.script}</script>
</body>
</html>
`;
}

function count(findings: number): string {
  return findings === 0 ? '' : `, with ${findings} finding${findings === 1 ? '' : 's'}`;
}

const titles = { ok: 'Linearizable', illegal: 'Not linearizable', unknown: 'Unknown' } as const;

const body = `<header>
  <div id="badge"></div>
  <div id="summary"><h1 id="title"></h1><p id="sentence"></p><ul id="findings"></ul></div>
  <label id="chooser">Key <select id="key"></select></label>
</header>
<nav>
  <button id="failure" title="F">Failure</button>
  <button id="fit" title="0">All</button>
  <button id="in" title="+" aria-label="Zoom in">+</button>
  <button id="out" title="−" aria-label="Zoom out">−</button>
  <span id="note"></span>
  <span id="legend"></span>
  <button id="theme" aria-label="Light or dark">◐</button>
</nav>
<canvas id="overview" height="44"></canvas>
<main id="stage"><svg id="chart" xmlns="http://www.w3.org/2000/svg"></svg></main>
<aside id="details" hidden></aside>`;
