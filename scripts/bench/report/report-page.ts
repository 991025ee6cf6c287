/** The report as one HTML file that needs nothing around it: style, script and pictures are inside. */
import { readFileSync } from 'node:fs';
import { darkColors, lightColors, type ColorName } from '../draw/theme.ts';
import type { JudgedExpectation } from '../analysis/expectations.ts';
import { formatNumber } from '../analysis/figures.ts';
import type { Run } from '../records/read-run.ts';
import { cellTable, expectationTable, failureTable, fsyncTable, useTable } from '../charts/tables.ts';
import { drawingMarkup, tableMarkup } from './drawing-markup.ts';
import { makeCards, type Card } from './headline.ts';
import { html, Markup } from '../draw/html.ts';
import type { PageInput } from './page-input.ts';

export function reportPage(input: PageInput): string {
  const { run, drawings } = input;
  const title = `Vase benchmark: ${run.plan.name}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${new Markup(style())}
        </style>
      </head>
      <body>
        <header>
          <p class="kicker">${describeWhere(run)}</p>
          <h1>${title}</h1>
          <div class="cards">${makeCards(input).map(cardMarkup)}</div>
          ${notesMarkup(input)}
        </header>
        <nav>
          <div>
            <span
              >${drawings.map(({ id, shortTitle }) => html`<a href="#${id}">${shortTitle}</a>`)}
              <a href="#cells">All cells</a><a href="#use">Use</a><a href="#disk">Disk</a>
              <a href="#environment">Environment</a><a href="#repeat">Repeat</a></span
            >
            <button id="theme" type="button">Light / dark</button>
          </div>
        </nav>
        <main>
          ${expectationsMarkup(input.judged)} ${drawings.map(drawingMarkup)} ${cellsMarkup(input)}
          ${useMarkup(input)} ${diskMarkup(input)} ${environmentMarkup(run)} ${repeatMarkup(input)}
        </main>
        <footer>
          Raw data beside this file: plan.json, environment.json, cells/, samples/, results.csv, repeat/.
        </footer>
        <div id="tip" role="status" hidden></div>
        <script>
          ${new Markup(readAsset('report.js'))};
        </script>
      </body>
    </html> `;
  return page.text;
}

function describeWhere({ name, environment, plan }: Run): string {
  return environment === null
    ? `${name}, ${plan.provider}`
    : `${name}, ${plan.provider}, ${environment.cores} cores (${environment.machine}), commit ${environment.commit}`;
}

function cardMarkup({ value, text, tone }: Card): Markup {
  return html`<div class="card"><b class="${tone}">${value}</b><span>${text}</span></div>`;
}

function notesMarkup({ run, summaries }: PageInput): Markup | null {
  const notes: string[] = [];
  const limited = summaries.filter(({ notTheStore }) => notTheStore).map(({ test }) => test);
  if (limited.length > 0)
    notes.push(
      `In ${limited.join(', ')} the machine (or the load generator) was the limit, not the store: with more cores these ` +
        'would be higher. They are marked with a hollow mark or an asterisk.',
    );
  const missing = summaries.filter(({ results, failures }) => results.length + failures.length === 0);
  if (missing.length > 0)
    notes.push(`Not measured yet: ${missing.map(({ test }) => test).join(', ')}. The run was interrupted.`);
  if (run.plan.repeats === 1) notes.push('One repeat of each cell: nothing is known of the spread.');
  notes.push(...new Set(run.cells.flatMap((cell) => cell.notes ?? [])), ...run.problems);
  return notes.length === 0
    ? null
    : html`<ul class="notes">
        ${notes.map((note) => html`<li>${note}</li>`)}
      </ul>`;
}

function expectationsMarkup(judged: readonly JudgedExpectation[]): Markup | null {
  if (judged.length === 0) return null;
  const broken = judged.flatMap(({ verdict }, index) => (verdict === 'held' ? [] : [index]));
  return html`<section id="expectations">
    <h2>What was expected</h2>
    <p class="caption">Ratios of the means over the repeats.</p>
    ${tableMarkup(expectationTable(judged), new Set(broken))}
  </section>`;
}

function cellsMarkup({ run, summaries }: PageInput): Markup {
  const marked = summaries.flatMap(({ notTheStore }, index) => (notTheStore ? [index] : []));
  return html`<section id="cells">
    <h2>All cells</h2>
    <p class="caption">
      The mean of the repeats, and in brackets the least and the
      most.${marked.length > 0 ? ' *: this machine or the load generator was the limit.' : ''}
    </p>
    ${tableMarkup(cellTable(summaries), new Set(marked))}
    ${
      run.failures.length === 0
        ? null
        : html`<h3 style="margin-top:18px">Cells that failed</h3>
            ${tableMarkup(failureTable(run))}`
    }
  </section>`;
}

function useMarkup({ summaries }: PageInput): Markup {
  return html`<section id="use">
    <h2>Use, batches, balance, limits</h2>
    <p class="caption">
      During the closed loop: the mean over processes and repeats, of memory the most. The busiest shard is
      told as a multiple of the mean of all.
    </p>
    ${tableMarkup(useTable(summaries))}
  </section>`;
}

function diskMarkup({ run, summaries }: PageInput): Markup {
  const table = fsyncTable(run, summaries);
  return html`<section id="disk">
    <h2>Disk: measured beside emulated</h2>
    <p class="caption">
      Disk of each member: ${run.environment?.disk ?? run.plan.limits.ssd}. Fsyncs of each member as etcd
      counted them, the mean over members and repeats; the worst and the most are of one member.
    </p>
    ${table === null ? html`<p>No fsync was counted.</p>` : tableMarkup(table)}
  </section>`;
}

const labels: Readonly<Record<string, string>> = { memoryBytes: 'memory', fsyncP99Ms: 'fsync p99' };

function describeField(name: string, value: unknown): string {
  if (name === 'memoryBytes') return `${formatNumber(Number(value) / 2 ** 30)} GiB`;
  if (name !== 'fsyncP99Ms') return String(value);
  return value === null
    ? 'not measured'
    : `${formatNumber(Number(value))} ms, of the slowest shard in the slowest cell`;
}

function environmentMarkup({ environment, plan }: Run): Markup {
  const rows: [string, string][] = [
    ...(environment === null
      ? []
      : Object.entries(environment).map(([name, value]): [string, string] => [
          labels[name] ?? name,
          describeField(name, value),
        ])),
    ['limit of a sharder', plan.limits.sharderCpu ?? 'none'],
    ['limit of a member', plan.limits.etcdCpu ?? 'none'],
    ['emulated disk', plan.limits.ssd],
    ['warm-up, load', `${plan.warmupSeconds} s, ${plan.durationSeconds} s, ${plan.repeats} repeats`],
    ['fixed rates', plan.rateShares.map((share) => `${Math.round(share * 100)} %`).join(', ') || 'none'],
  ];
  return html`<section id="environment">
    <h2>Environment</h2>
    <dl>
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </section>`;
}

function repeatMarkup({ run, commands }: PageInput): Markup {
  return html`<section id="repeat">
    <h2>How to repeat</h2>
    <p class="caption">In a checkout of the project; the second run is then compared with this one.</p>
    <pre>${commands.join('\n')}</pre>
    <details>
      <summary>The plan, plan.json</summary>
      <pre>${JSON.stringify(run.plan, null, 2)}</pre>
    </details>
  </section>`;
}

function style(): string {
  const names = Object.keys(lightColors) as ColorName[];
  const variables = names.map((name) => `--${name}: light-dark(${lightColors[name]}, ${darkColors[name]});`);
  return `:root { color-scheme: light dark; --backdrop: light-dark(#f5f7f9, #0e1216); ${variables.join(' ')} }\n${readAsset('report.css')}`;
}

function readAsset(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
