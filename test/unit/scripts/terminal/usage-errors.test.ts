/** What a user gave wrongly ends a command with exit code 2, whichever room refuses it: by type, not by a list. */
import { expect, test, vi } from 'vitest';
import { parseTopology } from '../../../../cluster/topology/topology.ts';
import { printFailure } from '../../../../scripts/terminal/print-failure.ts';
import { readConfig } from '../../../../sharder/config.ts';
import { UsageError } from '../../../../sharder/core/usage-error.ts';
import { parseScenario } from '../../../../sim/run/scenario/scenario.ts';

test.each([
  ['a topology', () => parseTopology({ shards: -1 })],
  ['a scenario', () => parseScenario({ format: 1 })],
  ['an environment variable', () => readConfig({ VASE_HOME: 'nowhere' })],
])('%s', (_, refuse) => {
  let refusal: unknown;
  try {
    refuse();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(UsageError);
  const said = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const exitCode = printFailure(refusal);
  const lines = said.mock.calls.map(([text]) => String(text)).join('');
  said.mockRestore();
  expect(exitCode).toBe(2);
  expect(lines).toMatch(/^vase: .+\n$/);
});
