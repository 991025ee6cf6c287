/** Judges one mutant by the unit tests that run its file. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../cluster/host/run-command.ts';
import type { UnitVerdict } from '../report/fates.ts';
import { checkout } from '../syntax/rooms.ts';
import type { Mutant } from '../syntax/mutant.ts';

const timeoutMs = 120_000;
/** The tests draw the same every time. */
const seed = '20261122';

interface VitestReport {
  testResults: { message: string; name: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** @param tests files. @param scratch a file for vitest's report. */
export async function judgeByTests(
  mutant: Mutant,
  tests: readonly string[],
  scratch: string,
): Promise<UnitVerdict> {
  if (tests.length === 0) return { broken: null };
  rmSync(scratch, { force: true });
  const config = join(import.meta.dirname, 'vitest.config.ts');
  const args = ['run', '--config', config, `--outputFile=${scratch}`, ...tests];
  const extraEnvironment = { VASE_MUTANT: JSON.stringify(mutant), SEED: seed };
  try {
    await runCommand(join(checkout, 'node_modules', '.bin', 'vitest'), args, {
      cwd: checkout,
      extraEnvironment,
      timeoutMs,
    });
    return { broken: null };
  } catch {
    return { broken: firstFailure(scratch) };
  }
}

function firstFailure(path: string): string {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
  } catch {
    return 'silent';
  }
  for (const { assertionResults, message, name } of report.testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed !== undefined) return failed.fullName;
    if (message !== '') return `${name}: ${message.slice(0, 200)}`;
  }
  return 'an error outside of the tests';
}
