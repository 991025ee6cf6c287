/** A promise that a run leaves behind rejected is a failure of that run, with its scenario, and of no other. */
import { expect, test } from 'vitest';
import { runWorkers } from '../../../../scripts/simulation/run-workers.ts';
import { scenarioOfSeed } from '../../../../sim/run/scenario/scenario-arbitrary.ts';
import { judgeScenario, newProgress } from '../../../../sim/run/search-failure.ts';
import type { Scenario } from '../../../../sim/run/scenario/scenario.ts';
import { StrayErrors } from '../../../../sim/run/stray-errors.ts';

test('a worker names the seed in whose run a promise was left behind, and goes on', async () => {
  // As soon as the worker has taken its work.
  const leave = `const timer = setInterval(() => {
    if (process.listenerCount('unhandledRejection') === 0 || process.listenerCount('message') > 0) return;
    clearInterval(timer);
    void Promise.reject(new Error('left behind'));
  });`;
  const { failures, progress } = await runWorkers([{ kind: 'seeds', from: 3, to: 4, step: 1 }], {
    nodeArguments: ['--import', `data:text/javascript,${encodeURIComponent(leave)}`],
  });
  expect(failures).toHaveLength(1);
  expect(failures[0]!.crash).toContain('left behind');
  expect(failures[0]!.scenario).toEqual(scenarioOfSeed(3));
  expect(progress.runs).toBe(2);
});

test('what a run that threw has left behind does not fail the next one', async () => {
  const strays = new StrayErrors();
  const judge = (scenario: Scenario) =>
    judgeScenario(scenario, { twice: false, progress: newProgress(), strays });
  const good = scenarioOfSeed(3);
  const broken = { ...good, topology: { ...good.topology, shards: 0 } };
  strays.note(new Error('left behind'));
  expect((await judge(broken))?.crash).not.toBeNull();
  expect(await judge(good)).toBeNull();
});
