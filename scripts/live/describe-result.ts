/** Describes the result of a live run, for people. */
import { join } from 'node:path';
import { style } from '../terminal/printer.ts';
import { exitCodeOf, type LiveResult } from './live-result.ts';

const printedFindingsMax = 10;

/** Several lines: the verdict, what else was found, and where the report is. */
export function describeResult(result: LiveResult): string {
  const { ok, failed, unknown } = result.operations;
  const paint = exitCodeOf(result) === 0 ? style.good : style.bad;
  const faults = Object.entries(result.faults).map(([kind, count]) => `${count} ${kind.replace('_', ' ')}`);
  return [
    paint(result.explanation),
    ...describeFindings(result.findings),
    ...result.shortcomings.map((what) => `${style.warning('!')} ${what}`),
    `Operations: ${ok} ok, ${failed} failed, ${unknown} unknown. Seed ${result.seed}.`,
    `Faults: ${faults.join(', ')}.`,
    describeHealth(result),
    `Report: ${join(result.folder, 'report.html')}`,
  ].join('\n');
}

function describeFindings(findings: LiveResult['findings']): string[] {
  const lines = findings
    .slice(0, printedFindingsMax)
    .map(({ kind, what }) => `${style.bad('✗')} ${kind}: ${what}.`);
  const hidden = findings.length - printedFindingsMax;
  return hidden > 0 ? [...lines, `${style.bad('✗')} ${hidden} more findings; --json has them all.`] : lines;
}

function describeHealth({ isHealthy, findings }: LiveResult): string {
  if (!isHealthy) return style.bad('The cluster is not well: run `make status`.');
  if (findings.length === 0) return 'The cluster is well.';
  return style.bad('The cluster is well now, and was not in between, when no fault explains it.');
}
