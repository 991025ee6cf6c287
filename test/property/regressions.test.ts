/** Scenarios that once failed and must always pass; each file is named after its bug. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runWorkers } from '../../scripts/simulation/run-workers.ts';
import { parseScenario } from '../../sim/run/scenario/scenario.ts';

const folder = join(import.meta.dirname, 'regressions');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

test.each(files)('%s passes', async (name) => {
  const scenario = parseScenario(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const { failures, progress } = await runWorkers([{ kind: 'replay', scenario }]);
  expect(failures.map(({ violations, crash }) => crash ?? violations)).toEqual([]);
  expect(progress.operations.ok).toBeGreaterThan(0);
});
