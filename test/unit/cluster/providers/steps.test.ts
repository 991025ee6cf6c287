import { expect, test } from 'vitest';
import { runSteps, shownSteps, type StepReporter } from '../../../../cluster/providers/steps.ts';

function recorder(): { events: string[]; reporter: StepReporter } {
  const events: string[] = [];
  return {
    events,
    reporter: {
      started: (title) => events.push(`started ${title}`),
      progressed: (title, text) => events.push(`${title}: ${text}`),
      succeeded: (title, _durationMs, detail) => events.push(`succeeded ${title}: ${detail}`),
      failed: (title) => events.push(`failed ${title}`),
    },
  };
}

const neverAborted = new AbortController().signal;

test('steps run in order with one context and are reported with their details', async () => {
  const { events, reporter } = recorder();
  const context: number[] = [];
  const times = await runSteps(
    [
      { title: 'one', run: async (list: number[]) => void list.push(1) },
      {
        title: 'two',
        run: async (list, say) => {
          list.push(2);
          say('half');
          return 'done';
        },
      },
    ],
    context,
    { reporter, signal: neverAborted },
  );
  expect(context).toEqual([1, 2]);
  expect(times.map(({ title }) => title)).toEqual(['one', 'two']);
  expect(events).toEqual([
    'started one',
    'succeeded one: null',
    'started two',
    'two: half',
    'succeeded two: done',
  ]);
});

test('the first failure ends the list and is thrown as it is', async () => {
  const { events, reporter } = recorder();
  const failure = new Error('no');
  const steps = [
    { title: 'fails', run: () => Promise.reject(failure) },
    { title: 'never', run: async () => undefined },
  ];
  await expect(runSteps(steps, null, { reporter, signal: neverAborted })).rejects.toBe(failure);
  expect(events).toEqual(['started fails', 'failed fails']);
});

test('after an abort no step begins, and the step under way counts as failed', async () => {
  const { events, reporter } = recorder();
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const steps = [
    { title: 'aborts', run: async () => controller.abort(reason) },
    { title: 'never', run: async () => undefined },
  ];
  await expect(runSteps(steps, null, { reporter, signal: controller.signal })).rejects.toBe(reason);
  expect(events).toEqual(['started aborts', 'failed aborts']);
});

test('what is told one after the other is shown as steps, the last of which ends with the work', async () => {
  const { events, reporter } = recorder();
  const { report, during } = shownSteps(reporter);
  const work = async () => {
    report('one');
    report('two');
    return 'done';
  };
  expect(await during(work())).toBe('done');
  await expect(during(Promise.reject(new Error('before any')))).rejects.toThrow('before any');
  const failing = async () => {
    report('three');
    throw new Error('no');
  };
  await expect(during(failing())).rejects.toThrow('no');
  expect(events).toEqual([
    'started one',
    'succeeded one: null',
    'started two',
    'succeeded two: null',
    'started three',
    'failed three',
  ]);
});
