/** The report of `make bench-overload`: JSON with every figure, and a page of Markdown with the bounds and the table. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawTable } from '../../../scripts/terminal/table.ts';
import type { PartResult } from './part.ts';

export type Results = Record<string, PartResult>;

const named = ['200', '201', '204', '429', '503', '504'];
const head = ['part', 'run', 'due/s', 'in time/s', ...named, 'other', 'p50 ms', 'p99 ms'];

export function describeTable(results: Results): string {
  return drawTable(head, rowsOf(results));
}

export async function writeReport(folder: string, results: Results): Promise<void> {
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(join(folder, 'report.md'), markdown(results));
}

function rowsOf(results: Results): string[][] {
  return Object.entries(results).flatMap(([part, { runs }]) =>
    Object.entries(runs).map(([run, { codes, ...figures }]) => {
      const others = Object.entries(codes).filter(([code]) => !named.includes(code));
      return [
        part,
        run,
        figures.duePerSecond.toFixed(0),
        figures.goodPerSecond.toFixed(0),
        ...named.map((code) => String(codes[code] ?? 0)),
        others.map(([code, count]) => `${count} ${code}`).join(', ') || '-',
        figures.p50Ms.toFixed(1),
        figures.p99Ms.toFixed(1),
      ];
    }),
  );
}

function markdown(results: Results): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = ['# Overload', '', line(['holds', 'part', 'what', 'found']), line(Array(4).fill('---'))];
  for (const [part, { claims }] of Object.entries(results)) {
    for (const { holds, what, found } of claims)
      lines.push(line([holds ? 'yes' : '**no**', part, what, found]));
  }
  const notes = Object.entries(results).flatMap(([part, result]) =>
    result.notes.map((note) => `- ${part}: ${note}`),
  );
  lines.push('', ...notes, '', line(head), line(head.map(() => '---')));
  for (const row of rowsOf(results)) lines.push(line(row));
  return `${lines.join('\n')}\n`;
}
