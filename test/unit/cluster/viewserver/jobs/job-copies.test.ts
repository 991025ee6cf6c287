// How jobs fare whose copies meet a shard that forgets, is slow or is full.
import { expect, test, vi } from 'vitest';
import { slotOfDataKey, toBytes } from '../../../../../cluster/resharding/source/marker.ts';
import { defaultMoverLimits } from '../../../../../cluster/resharding/records/mover-limits.ts';
import type { EtcdRequest, RangeRequest } from '../../../../../sharder/core/etcd-messages.ts';
import { dataPrefix } from '../../../../../sharder/core/slot.ts';
import { fullness, lead, move } from '../lead-cluster.ts';
import { MemoryCluster } from '../memory-cluster.ts';

function rangeIn(request: EtcdRequest): RangeRequest | null {
  const [range] = request.kind === 'txn' ? request.success : [];
  return range?.kind === 'range' && range.key.startsWith('d/') ? range : null;
}

test('a copy goes on where its shard has forgotten what was when it began', async () => {
  const cluster = new MemoryCluster(2);
  const keys = Array.from(
    { length: 2500 },
    (_, index) => `${dataPrefix(0)}${String(index).padStart(4, '0')}`,
  );
  for (const key of keys) cluster.put(1, key, toBytes('old'));
  let pages = 0;
  cluster.onCall = (request) => {
    const range = rangeIn(request);
    if (range?.limit === undefined || range.keysOnly === true) return;
    // One that has been copied, and one that has not.
    if (pages++ > 0) for (const key of [keys[0]!, keys[2499]!]) cluster.put(1, key, toBytes(`new ${pages}`));
    cluster.compact(1);
  };
  cluster.setJobs([move]);
  const { resharder } = lead(cluster);
  expect(await cluster.ended('move')).toMatchObject({ state: 'done' });
  expect(pages).toBe(3);
  expect(resharder.failures()).toEqual([]);
  const held = keys.map((key) => String.fromCharCode(...(cluster.get(2, key) ?? [])));
  expect([held[0], held[1], held[2498], held[2499]]).toEqual(['new 3', 'old', 'old', 'new 3']);
});

test.each(['goes on when there is room', 'can be taken back meanwhile'])(
  'a copy whose destination gets too full waits and says so, and %s',
  async (how) => {
    const cluster = new MemoryCluster(2);
    for (let key = 0; key < 2500; key++) cluster.put(1, `${dataPrefix(0)}${key}`, toBytes('value'));
    const bytes = { used: 100 };
    const url = await fullness(bytes);
    cluster.fleet.members = [{ shard: 2, name: 'etcd-2-0', url }];
    // It fits when it is planned.
    cluster.onCall = (request) => {
      if (rangeIn(request)?.limit !== undefined) bytes.used = 850;
    };
    // The destination is known to be full by the second page.
    cluster.delayMsOf = (request) => (rangeIn(request)?.limit === undefined ? 0 : 400);
    cluster.setJobs([move]);
    const { resharder } = lead(cluster);
    await vi.waitFor(
      () => expect(cluster.jobs[0]!.note).toMatch(/waits for shard 2 since .*: shard 2 is 85 % full/),
      15_000,
    );
    expect(resharder.progress()).toMatchObject([{ phase: 'copy', block: { shard: 2 } }]);
    expect(resharder.progress()[0]!.keysCopied).toBeLessThan(2500);
    if (how.startsWith('goes')) {
      cluster.onCall = () => undefined;
      bytes.used = 500;
      expect(await cluster.ended('move')).toMatchObject({ state: 'done', note: 'shard 2 has them' });
    } else {
      cluster.setJobs([{ ...move, state: 'running', abort: true }]);
      expect(await cluster.ended('move')).toMatchObject({ state: 'aborted' });
      expect(cluster.get(2, `${dataPrefix(0)}0`)).toBe(undefined);
    }
  },
  40_000,
);

test('a move whose history is forgotten again and again fails, and its job says why', async () => {
  const cluster = new MemoryCluster(2);
  let tries = 0;
  cluster.onCall = (request) => {
    // What has been heard is asked for, and forgotten just then.
    if ((rangeIn(request)?.revision ?? 0) === 0) return;
    cluster.put(1, 'some/key', toBytes('more'));
    cluster.compact(1);
    if (rangeIn(request)!.countOnly === true) tries++;
  };
  cluster.setJobs([move]);
  lead(cluster);
  expect(await cluster.ended('move')).toMatchObject({
    state: 'failed',
    note: expect.stringMatching(/^slot 0 could not be moved from shard 1 to shard 2: shard 1 has forgotten/),
  });
  expect(tries).toBe(5);
  expect(cluster.view).toMatchObject({ moves: [] });
  expect(cluster.view.slots[0]).toBe(1);
});

test('slots that cannot be listed in time while they stop go fewer at a time', async () => {
  const cluster = new MemoryCluster(2);
  const sizes: number[] = [];
  cluster.delayMsOf = (request) => {
    const range = rangeIn(request);
    if (range?.minModRevision === undefined) return 0;
    const size = slotOfDataKey(range.rangeEnd!) - slotOfDataKey(range.key) + 1;
    if (size !== sizes.at(-1)) sizes.push(size);
    return size > 1 ? 1.2 * defaultMoverLimits.proofMsMax : 0;
  };
  const notes = new Set<string>();
  cluster.onCall = () => void notes.add(cluster.jobs[0]!.note);
  cluster.setJobs([{ ...move, work: { ...move.work, slots: [0, 1, 2, 3, 4, 5, 6, 7] } }]);
  lead(cluster);
  expect(await cluster.ended('move')).toMatchObject({ state: 'done', note: 'shard 2 has them' });
  expect(sizes).toEqual([8, 2, 1]);
  expect([...notes].join('\n')).toMatch(
    /moving 8 slots, 2 at a time, since 8 failed together: shard 1 takes too long to list the 8 slots/,
  );
}, 60_000);
