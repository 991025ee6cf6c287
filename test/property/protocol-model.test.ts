/**
 * The protocol of moves as a model. The search visits every state within bounds: no invariant is broken anywhere, and from each
 * state everything can come to rest without another fault. It finds each broken variant of the model. Prints both.
 */
import Table from 'cli-table3';
import { afterAll, expect, test } from 'vitest';
import { canEnd, replay, search } from '../../sim/model/explorer.ts';
import type { Bounds } from '../../sim/model/other-deeds.ts';
import { brokenInvariant, protocol } from '../../sim/model/protocol.ts';
import { recordSteps } from '../../sim/model/record-steps.ts';
import { stepsOf } from '../../sim/model/slot-records.ts';
import type { State } from '../../sim/model/state.ts';
import { brokenProtocols } from './broken-protocols.ts';

const statesMax = 1_000_000;
const head = ['bounds or variant', 'invariant', 'states', 'transitions', 'depth', 's'];
const table = new Table({ head, style: { head: [], border: [] } });

function searched(
  name: string,
  what: typeof protocol,
  bounds: Bounds,
  onTransition: (from: State, to: State, label: string) => void = () => undefined,
) {
  const startedAtMs = performance.now();
  const report = search(what, { bounds, statesMax, onTransition });
  const { states, transitions, depth, counterexample } = report;
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  table.push([name, counterexample?.invariant ?? 'all hold', states, transitions, depth, seconds]);
  return report;
}

/** Labels of all transitions in any state. */
const labels = new Set<string>();

/** Crashes, pauses and restarts of a mover are not bounded. Fewer states than these: the search no longer tries something. */
test.each([
  { writes: 1, moves: 1, late: 1, states: 258_863 },
  { writes: 2, moves: 1, late: 0, states: 344_921 },
  { writes: 0, moves: 2, late: 1, states: 332_939 },
])(
  '$writes writes, $moves moves and $late late transactions of movers break nothing',
  ({ states, ...bounds }) => {
    const name = `writes ${bounds.writes}, moves ${bounds.moves}, late ${bounds.late}`;
    const steps = new Set<string>();
    const report = searched(name, protocol, bounds, (from, to, label) => {
      labels.add(label);
      for (const step of stepsOf(from, to)) steps.add(step);
    });
    const { counterexample } = report;
    if (counterexample) expect.fail(`${counterexample.invariant}:\n${counterexample.actions.join('\n')}`);
    expect(report.states).toBe(states);
    // The simulator allows its runs exactly the steps of the model: all of them occur with two moves, a part with one.
    if (bounds.moves > 1) expect([...steps].toSorted()).toEqual([...recordSteps].toSorted());
    else expect([...steps].filter((step) => !recordSteps.has(step))).toEqual([]);
  },
);

test('every action of the protocol happens somewhere, and of each transaction of a mover the answer is lost', () => {
  const { steps, deeds } = protocol;
  const of = Object.entries(steps).map(([name]) => `mover A: ${name}`);
  const lost = Object.entries(steps).flatMap(([name, { request }]) =>
    request ? [`mover A: ${name}, no answer`] : [],
  );
  expect([...of, ...lost].filter((label) => !labels.has(label))).toEqual([]);
  const all = [...labels];
  expect(Object.keys(deeds).filter((name) => !all.some((label) => label.startsWith(name)))).toEqual([]);
});

test.each(brokenProtocols.map((each) => [each.name, each] as const))('%s is found', (name, broken) => {
  const bounds = broken.bounds ?? { writes: 2, moves: 1, late: 1 };
  const { counterexample } = searched(name, broken.protocol, bounds);
  expect(counterexample?.invariant).toBe(broken.breaks);
  const { actions } = counterexample!;
  // The actions that are shown do lead there, and not earlier.
  if (broken.breaks !== canEnd)
    expect(
      [actions, actions.slice(0, -1)].map((path) => brokenInvariant(replay(broken.protocol, bounds, path))),
    ).toEqual([broken.breaks, '']);
});

test('a search that would go past its bound says so', () => {
  expect(() => search(protocol, { bounds: { writes: 0, moves: 1, late: 0 }, statesMax: 100 })).toThrow(
    'the model has more than 100 states: it was not searched to the end',
  );
});

afterAll(() => void process.stdout.write(`\n${table.toString()}\n`));
