/**
 * Watches that do not tell what their shard holds, after bugs that etcd has had (its own list: tests/robustness/README.md).
 * Vase tolerates them: a move is proven before it is handed over. Without the proof they lose writes.
 */
import { believed } from './believed.ts';
import type { SeededBug } from './seeded-bug.ts';

const hub = 'sim/etcd/watch-hub.ts';
const isOfSlots = "watcher.interval.start.startsWith('d/')";

interface UnsoundWatch extends SeededBug {
  /** Whether a move notices it: an event that is old, or told twice, harms nothing. */
  isNoticed: boolean;
}

function unsound(
  name: string,
  change: { find: string; replace: string },
  isNoticed: boolean,
  runsMax = 60,
): UnsoundWatch {
  return { name, file: hub, changes: [change], isNoticed, shows: ['linearizable'], runsMax };
}

/** Loses the events of slots in one revision of five. */
export const losesEvents = {
  file: hub,
  find: 'else if (revision >= watcher.startRevision)\n',
  replace: `else if (revision >= watcher.startRevision && !(${isOfSlots} && revision % 5 === 0))\n`,
};

/** Each treats one revision of so many wrongly. */
export const unsoundWatches: readonly UnsoundWatch[] = [
  unsound('a watch that loses events (etcd 17529)', losesEvents, true),
  unsound(
    'a watch that loses deletions (etcd 19179)',
    {
      find: 'if (!isInside(orderOf(change.kv.key), watcher.interval)) continue;',
      replace: `if (!isInside(orderOf(change.kv.key), watcher.interval)) continue;
      if (change.type === 'delete' && ${isOfSlots}) continue;`,
    },
    true,
  ),
  unsound(
    'a watch that goes back in time (etcd 15271)',
    {
      find: 'watcher.outlet.events(events, revision);',
      replace: `watcher.outlet.events(events, revision);
    if (${isOfSlots} && revision % 3 === 0) {
      const earlier = this.#select(watcher, this.#store.changesSince(Math.max(this.#store.compactRevision + 1, revision - 6)));
      if (earlier.length > 0) watcher.outlet.events(earlier.slice(0, 2), revision);
    }`,
    },
    false,
  ),
  unsound(
    'a watch that says all twice (etcd 3.4.24)',
    {
      find: 'watcher.outlet.events(events, revision);',
      replace: `watcher.outlet.events(events, revision);
    if (${isOfSlots}) watcher.outlet.events(events, revision);`,
    },
    false,
  ),
  unsound(
    'a watch of a revision to come that says old things (etcd 20221)',
    { find: 'else if (revision >= watcher.startRevision)\n', replace: 'else\n' },
    false,
  ),
];

/** The same watches, with a proof that believes them. */
export const watchBugs: readonly SeededBug[] = unsoundWatches
  .filter(({ isNoticed }) => isNoticed)
  .map((bug) => ({
    ...bug,
    name: `${bug.name}, believed`,
    changes: [...bug.changes, believed],
    shows: ['handed_over', 'linearizable', 'ownership', 'acknowledged_applied'],
    runsMax: 300,
  }));
