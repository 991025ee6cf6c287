// Jobs of a view server that leads a cluster in memory: how they end, and what is left in the records.
import { expect, test, vi } from 'vitest';
import { JOBS_KEY, withTakenBack } from '../../../../../cluster/viewserver/jobs/job.ts';
import type { Leadership } from '../../../../../cluster/viewserver/leading/leadership.ts';
import { toBytes } from '../../../../../cluster/resharding/source/marker.ts';
import { RefusedError } from '../../../../../cluster/resharding/plan/refused-error.ts';
import { withoutDraining } from '../../../../../cluster/resharding/plan/view-changes.ts';
import { NewestView } from '../../../../../cluster/viewserver/home/newest-view.ts';
import { fullness, lead, move } from '../lead-cluster.ts';
import { MemoryCluster } from '../memory-cluster.ts';

test('a move that is taken back ends with a word, and the next job has its turn', async () => {
  const cluster = new MemoryCluster(2);
  cluster.silence(2);
  cluster.setJobs([
    { ...move, state: 'running', abort: true },
    { ...move, id: 'next', work: { ...move.work, to: 1 } },
  ]);
  lead(cluster);
  expect(await cluster.ended('move')).toMatchObject({ state: 'aborted', note: 'taken back' });
  expect(await cluster.ended('next')).toMatchObject({ state: 'done' });
});

test('jobs that cannot be read are told in the log', async () => {
  const cluster = new MemoryCluster(1);
  cluster.put(1, JOBS_KEY, toBytes('{"format":2}'));
  const onLog = vi.fn<(line: string) => void>();
  lead(cluster, { onLog });
  await vi.waitFor(() => expect(onLog.mock.lastCall?.[0]).toContain('jobs have format 2; this knows 1'));
});

test('a shard that is given up cannot join any more, and its id is not used again', async () => {
  const cluster = new MemoryCluster(1);
  const leader = lead(cluster);
  const late: unknown[] = [];
  cluster.fleet.onDelete = async (id) => {
    // What a deposed leader had made joins only now.
    late.push(await leader.resharder.addShard(cluster.make(id)).catch((error: unknown) => error));
  };
  const work = { kind: 'add-shard', shard: 2 } as const;
  cluster.setJobs([{ id: 'add', work, state: 'running', abort: true }]);
  expect(await cluster.ended('add')).toMatchObject({ note: 'what there was of shard 2 is deleted' });
  expect(late[0]).toMatchObject({ code: 'shard-id' });
  expect(cluster.view).toMatchObject({ nextShard: 3, shards: [{ id: 1 }] });
  expect(cluster.ids).toEqual([1]);
  cluster.setJobs([{ id: 'again', work, state: 'running' }]);
  expect(await cluster.ended('again')).toMatchObject({
    state: 'failed',
    note: expect.stringContaining('has come and gone, or was given up') as string,
  });
});

test('a shard that another view server has let join is not deleted', async () => {
  const cluster = new MemoryCluster(1);
  const leader = lead(cluster);
  const deleted = vi.fn<() => void>();
  cluster.fleet.onDelete = deleted;
  await leader.resharder.addShard(cluster.make(2));
  const work = { kind: 'add-shard', shard: 2 } as const;
  cluster.setJobs([{ id: 'add', work, state: 'running', abort: true }]);
  expect(await cluster.ended('add')).toMatchObject({ note: 'shard 2 has joined and stays' });
  expect(deleted).not.toHaveBeenCalled();
});

test('moves are to be undone although their destinations do not answer', async () => {
  const cluster = new MemoryCluster(3);
  cluster.silence(2);
  cluster.silence(3);
  cluster.setView({
    ...cluster.view,
    moves: [2, 3].map((to) => ({ id: `2.${to}`, slots: [to], from: 1, to, abort: false })),
  });
  const work = { kind: 'move', slots: [2, 3], to: 2 } as const;
  cluster.setJobs([{ id: 'move', work, state: 'running', abort: true }]);
  lead(cluster);
  await vi.waitFor(() => expect(cluster.view.moves.map((each) => each.abort)).toEqual([true, true]));
  // It ends with its moves, not before.
  expect(cluster.jobs[0]).toMatchObject({ state: 'running' });
  cluster.silent.clear();
  expect(await cluster.ended('move')).toMatchObject({ state: 'aborted', note: 'taken back' });
  expect(cluster.view.moves).toEqual([]);
});

test('a move that is taken back leaves those of other jobs alone', async () => {
  const cluster = new MemoryCluster(2);
  cluster.silence(2);
  const record = { from: 1, to: 2, abort: false };
  const moves = [0, 2].map((slot) => ({ id: `2.${slot}`, slots: [slot], ...record }));
  cluster.setView({ ...cluster.view, moves });
  cluster.setJobs([
    { ...move, state: 'running', abort: true },
    { ...move, id: 'other', work: { ...move.work, slots: [2] }, state: 'running' },
  ]);
  lead(cluster);
  await vi.waitFor(() => expect(cluster.view.moves.map(({ abort }) => abort)).toEqual([true, false]));
  cluster.silent.clear();
  expect(await cluster.ended('other')).toMatchObject({ state: 'done' });
  expect(cluster.view.slots.slice(0, 3)).toEqual([1, 1, 2]);
});

test('a shard that does not answer holds up nothing but its own moves, and the job that waits for it says so', async () => {
  const cluster = new MemoryCluster(3);
  cluster.silence(3);
  const ownedBy = (id: number) => cluster.view.slots.flatMap((owner, slot) => (owner === id ? [slot] : []));
  const slots = ownedBy(1).slice(0, 10);
  cluster.setJobs([
    { id: 'drain', work: { kind: 'remove-shard', shard: 3 } },
    { id: 'far', work: { kind: 'move', slots: ownedBy(3).slice(0, 5), to: 1 } },
    { id: 'near', work: { kind: 'move', slots, to: 2 } },
  ]);
  const { resharder } = lead(cluster);
  expect(await cluster.ended('near')).toMatchObject({ state: 'done', note: 'shard 2 has them' });
  expect(slots.map((slot) => cluster.view.slots[slot])).toEqual(slots.map(() => 2));
  const noteOf = (id: string) => cluster.jobs.find((job) => job.id === id)!.note;
  expect(noteOf('drain')).toMatch(/moves wait for shard 3 since 20.+Z: .*shard 3/);
  const blocked = resharder.progress().filter(({ block }) => block !== null);
  expect(new Set(blocked.map(({ block }) => block!.shard))).toEqual(new Set([3]));
  cluster.silent.clear();
  expect(await cluster.ended('drain')).toMatchObject({ state: 'done', note: 'shard 3 is gone' });
}, 60_000);

/** The range of data that a mover asks for. */
test('what the autoscaler has decided survives a change of the view server', async () => {
  const cluster = new MemoryCluster(1);
  const url = await fullness({ used: 100 });
  cluster.fleet.sharders = [url];
  const decisionsOf = ({ autoscaler }: Leadership) =>
    (autoscaler.report() as { decisions: object[] }).decisions;
  const first = lead(cluster, { windowSeconds: 0.05 });
  await vi.waitFor(() => expect(decisionsOf(first).length).toBeGreaterThan(0), 5000);
  const [decision] = decisionsOf(first);
  await vi.waitFor(() => expect(cluster.get(1, 'vase/autoscaler')).toBeDefined(), 5000);
  first.stop();
  const next = lead(cluster, { windowSeconds: 0.05 });
  await vi.waitFor(() => expect(decisionsOf(next).length).toBeGreaterThan(1), 5000);
  expect(decisionsOf(next)[0]).toEqual(decision);
});

const remove = { id: 'remove', work: { kind: 'remove-shard', shard: 2 } } as const;

test('a shard whose removal fails takes slots again', async () => {
  const cluster = new MemoryCluster(2);
  const { shards } = cluster.view;
  // None is left to take what it has.
  cluster.setView({
    ...cluster.view,
    shards: shards.map((shard) => ({ ...shard, state: 'draining' as const })),
  });
  cluster.setJobs([{ ...remove, state: 'running' }]);
  lead(cluster);
  expect(await cluster.ended('remove')).toMatchObject({
    state: 'failed',
    note: 'shard 2 is the only one that takes slots; shard 2 stays',
  });
  expect(cluster.view.shards[1]).toEqual(shards[1]);
});

test('a removal that fails after the view has forgotten the shard says how to go on', async () => {
  const cluster = new MemoryCluster(1);
  cluster.setView({ ...cluster.view, nextShard: 3 });
  cluster.make(2);
  cluster.fleet.onDelete = () => {
    throw new RefusedError('shard-in-use', 'its disk is stuck');
  };
  cluster.setJobs([remove]);
  lead(cluster);
  expect(await cluster.ended('remove')).toMatchObject({
    state: 'failed',
    note: 'its disk is stuck; `vase shard remove 2` deletes what is left of it',
  });
});

test('a job is not done while slots are on their way, whatever an old view says', async () => {
  const cluster = new MemoryCluster(2);
  const idle = cluster.view;
  const until = vi.spyOn(NewestView.prototype, 'until').mockResolvedValueOnce(idle);
  cluster.silence(2);
  const moves = [{ id: '2.0', slots: [0], from: 1, to: 2, abort: false }];
  cluster.setView({ ...idle, epoch: 2, moves });
  cluster.setJobs([{ id: 'even', work: { kind: 'rebalance', weights: null }, state: 'running' }]);
  lead(cluster);
  await vi.waitFor(() => expect(until).toHaveBeenCalledTimes(2));
  expect(cluster.jobs[0]).toMatchObject({ endedAt: null });
  cluster.setView({ ...idle, epoch: 3 });
  expect(await cluster.ended('even')).toMatchObject({ state: 'done' });
  until.mockRestore();
});

test('a deposed leader does not mark a shard whose removal has been taken back', async () => {
  const cluster = new MemoryCluster(2);
  const { shards } = cluster.view;
  cluster.setJobs([remove]);
  let reads = 0;
  // As soon as it has begun its job, its successor takes the removal back.
  cluster.onCall = (request) => {
    if (request.kind !== 'range' || request.key !== JOBS_KEY || ++reads !== 5) return;
    cluster.setView({ ...cluster.view, ...withoutDraining(cluster.view, 2), epoch: cluster.view.epoch + 1 });
    cluster.setJobs([{ ...remove, state: 'aborted', endedAt: '2026-01-01T00:00:00.000Z' }]);
  };
  const onLog = vi.fn<(line: string) => void>();
  lead(cluster, { onLog });
  await vi.waitFor(() => expect(onLog.mock.lastCall?.[0]).toContain('the removal was taken back'));
  expect(cluster.view.shards).toEqual(shards);
});

test('a mark that was decided on an older view is refused', async () => {
  const cluster = new MemoryCluster(2);
  const { resharder } = lead(cluster);
  const { epoch } = cluster.view;
  await resharder.unmarkDraining(2);
  await expect(resharder.markDraining(2, epoch)).rejects.toMatchObject({ code: 'stale-plan' });
  expect((await resharder.markDraining(2, epoch + 1)).shards[1]).toMatchObject({ state: 'draining' });
});

test('a removal that is taken back says that slots were given away only when some were', async () => {
  for (const isShort of [false, true]) {
    const cluster = new MemoryCluster(2);
    const { slots } = cluster.view;
    if (isShort) cluster.setView({ ...cluster.view, slots: slots.map(() => 1) });
    cluster.setJobs([{ ...remove, state: 'running', abort: true }]);
    lead(cluster);
    const note = isShort
      ? 'shard 2 stays with less than its share; `vase rebalance` evens the slots out'
      : 'shard 2 stays';
    expect(await cluster.ended('remove')).toMatchObject({ state: 'aborted', note });
  }
});

test('a job that was taken back while it waited is not begun', async () => {
  const cluster = new MemoryCluster(2);
  cluster.setJobs([move]);
  let reads = 0;
  // Just as its turn has come.
  cluster.onCall = (request) => {
    if (request.kind !== 'range' || request.key !== JOBS_KEY || ++reads !== 2) return;
    cluster.setJobs(withTakenBack(cluster.jobs, 'move')!);
  };
  const { resharder } = lead(cluster);
  const propose = vi.spyOn(resharder, 'propose');
  await vi.waitFor(() => expect(reads).toBeGreaterThan(4), { timeout: 10_000 });
  expect(cluster.jobs).toMatchObject([{ state: 'aborted', note: 'taken back before it began' }]);
  expect(propose).not.toHaveBeenCalled();
});
