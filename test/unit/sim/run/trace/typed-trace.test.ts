// Events of a trace are told apart by their names; nobody guesses at their fields.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isPhaseEntered, type SimEvent, type SimTraceLine } from '../../../../../sim/run/trace/sim-event.ts';
import { World } from '../../../../../sim/run/world/world.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..', '..');
/** A field by its text, or whatever it holds made a number or a text. */
const guess = /\b(?:Number|String)\(event\[|\bevent\[['"`]|\bevent as\b/;

test('no source reads an event by a guess', () => {
  const sources = ['sharder', 'cluster', 'sim', 'scripts', 'test'].flatMap((floor) =>
    globSync(`${floor}/**/*.ts`, { cwd: root }),
  );
  expect(sources.length).toBeGreaterThan(500);
  const guilty = sources.filter(
    (file) => !file.endsWith('typed-trace.test.ts') && guess.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(guilty).toEqual([]);
});

test('a reader has the fields of the event that its name says, and the observer has them in order', () => {
  const lines: SimTraceLine[] = [];
  const world = new World({ seed: 1, observer: (line) => lines.push(line) });
  const { trace } = world.addProcess('view-1');
  trace.emit({ name: 'move.copy', move: '2.0', from: 1, to: 2 });
  trace.emit({ name: 'move.copied', move: '2.0', from: 1, keys: 3, oldest: 7 });
  const read = ({ event }: SimTraceLine) => {
    if (isPhaseEntered(event)) return `${event.from} to ${event.to}`;
    return event.name === 'move.copied' ? `${event.keys} keys` : null;
  };
  expect(lines.map(read)).toEqual(['1 to 2', '3 keys']);
});

// Not run: the compiler fails where one of these is no error.
export function refusedByTheCompiler(event: SimEvent): void {
  const world = new World({ seed: 1 });
  const { trace } = world.addProcess('view-1');
  // @ts-expect-error: no event has this name.
  trace.emit({ name: 'move.moved', move: '2.0' });
  // @ts-expect-error: a field is missing.
  trace.emit({ name: 'move.copy', move: '2.0', from: 1 });
  // @ts-expect-error: a field has another type.
  trace.emit({ name: 'raft.leader', term: '1' });
  // @ts-expect-error: the name is another event's.
  trace.emit({ name: 'raft.leader', message: 'hello' });
  // @ts-expect-error: members do not tell of moves.
  world.addCluster({ name: 'etcd-1' }).member(0).process.trace.emit({ name: 'move.resumed', move: '2.0' });
  // @ts-expect-error: not every event has a move.
  void event.move;
}
