/**
 * The contract of the simulated member: whatever a client of one etcd member may ask, it answers as etcd does. Every
 * command goes to both through the same port, and every answer is compared.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EtcdRequest, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';
import { describeResult, describeWatch, toAbsolute, watchToAbsolute, type Base } from './relative.ts';
import { contractLimits, request, watchRequest } from './requests.ts';
import { realSide, simulatedSide, type RecordedWatch, type Side } from './side.ts';

const sequences = 2_200;
const commandsPerSequenceMax = 32;
/** Leases 1 and 2 are the ones that requests name. */
const leasesPerSequence = 2;
const mustBeSeen = `range put delete_range txn compact status lease_grant lease_revoke lease_keep_alive
  lease_time_to_live compacted future_revision duplicate_key too_many_operations empty_key request_too_large
  lease_not_found lease_exists lease_ttl_too_large watch watch_ended watched_revision`.split(/\s+/);

/** Sequences run side by side, each on a pair of its own: most of their time is spent waiting for etcd. */
const pairsCount = 4;

let etcds: readonly RealEtcd[] = [];
const rpc = new GrpcEtcdRpc();
let sequenceCount = 0;
/** How often each kind of answer was compared: a contract that never sees an error proves nothing about it. */
const seen = new Map<string, number>();

beforeAll(async () => {
  const flags = {
    'max-txn-ops': String(contractLimits.maxTxnOps),
    'max-request-bytes': String(contractLimits.maxRequestBytes),
  };
  const starts = Array.from({ length: pairsCount }, () => startRealEtcd({ flags, folder: memoryFolder }));
  etcds = await Promise.all(starts);
});

afterAll(async () => {
  rpc.close();
  await Promise.all(etcds.map((etcd) => etcd.stop()));
});

/** One side in the middle of a command sequence. */
class Run {
  readonly side: Side;
  base: Base = { revision: 0, lease: 0 };
  watches: { request: WatchRequest; watch: RecordedWatch; compactedAt: number | null }[] = [];
  #compactedAt: number | null = null;

  constructor(side: Side) {
    this.side = side;
  }

  /** Empties the store and makes one revision that no compaction has reached. */
  async begin(lease: number): Promise<void> {
    await this.side.call({ kind: 'delete_range', key: '\0', rangeEnd: '\0' });
    const started = await this.side.call({ kind: 'put', key: 'start', value: new Uint8Array() });
    this.base = { revision: revisionOf(started), lease };
    this.watches = [];
    this.#compactedAt = null;
  }

  async ask(relative: EtcdRequest): Promise<unknown> {
    const absolute = toAbsolute(relative, this.base);
    const result = await this.side.call(absolute);
    if (absolute.kind === 'compact' && result.kind === 'reply') this.#compactedAt = absolute.revision;
    return describeResult(result, this.base);
  }

  /** Waits for the replay of history: until then, what a compaction does to the watch is a matter of time. */
  async openWatch(relative: WatchRequest): Promise<unknown> {
    const watched = watchToAbsolute(relative, this.base);
    const watch = await this.side.watch(watched);
    this.watches.push({ request: watched, watch, compactedAt: this.#compactedAt });
    const revision = await this.#mark(watched);
    if (revision >= (watched.startRevision ?? 0)) await watch.reached(revision);
    return { kind: 'watch opened' };
  }

  /** Marks the end of every watch by a put that it must see, and tells what each has seen until then. */
  async finish(): Promise<unknown[]> {
    const described: unknown[] = [];
    for (const { request: watched, watch, compactedAt } of this.watches) {
      let revision = 0;
      do {
        revision = await this.#mark(watched);
      } while (revision < (watched.startRevision ?? 0));
      await watch.reached(revision);
      described.push(describeWatch(watch, { lastRevision: revision, compactedAt }, this.base));
      watch.cancel();
    }
    for (let lease = 1; lease <= leasesPerSequence; lease++) {
      await this.side.call({ kind: 'lease_revoke', id: this.base.lease + lease });
    }
    return described;
  }

  /** A put that the watch must see. @returns its revision. */
  async #mark(watched: WatchRequest): Promise<number> {
    const put = await this.side.call({ kind: 'put', key: watched.key, value: new Uint8Array() });
    return revisionOf(put);
  }
}

function revisionOf(result: RpcResult): number {
  if (result.kind !== 'reply' || result.reply.header === null) throw new Error(JSON.stringify(result));
  return result.reply.header.revision;
}

function note(answer: unknown): void {
  const { kind, refused } = answer as { kind?: string; refused?: string };
  const name = refused ?? kind ?? 'other';
  seen.set(name, (seen.get(name) ?? 0) + 1);
}

/** A command of the sequence: the same to both, and the same answer from both. */
class Both implements fc.AsyncCommand<Run, Run> {
  readonly #name: string;
  readonly #ask: (run: Run) => Promise<unknown>;

  constructor(name: string, ask: (run: Run) => Promise<unknown>) {
    this.#name = name;
    this.#ask = ask;
  }

  check(): boolean {
    return true;
  }

  async run(simulated: Run, real: Run): Promise<void> {
    const answer = await this.#ask(real);
    expect(await this.#ask(simulated), this.#name).toEqual(answer);
    note(answer);
  }

  toString(): string {
    return this.#name;
  }
}

/** Runs command sequences against one real etcd and a simulated one of its own. */
async function comparePair(etcd: RealEtcd, numRuns: number): Promise<void> {
  const simulatedMember = simulatedSide(contractLimits);
  // Answered once there is a leader.
  await simulatedMember.call({ kind: 'range', key: 'ready' });
  const simulated = new Run(simulatedMember);
  const real = new Run(realSide(rpc, etcd.endpoints[0]!));
  const ask = (relative: EtcdRequest): Both => new Both(JSON.stringify(relative), (run) => run.ask(relative));
  const open = (relative: WatchRequest): Both =>
    new Both(`watch ${JSON.stringify(relative)}`, (run) => run.openWatch(relative));
  const commands = fc.commands(
    // A watch takes etcd a tenth of a second: one command in sixteen is enough.
    [...Array.from({ length: 15 }, () => request.map(ask)), watchRequest.map(open)],
    { maxCommands: commandsPerSequenceMax, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const lease = ++sequenceCount * 100;
      await Promise.all([simulated.begin(lease), real.begin(lease)]);
      await fc.asyncModelRun(() => ({ model: simulated, real }), sequence);
      const watched = await real.finish();
      expect(await simulated.finish(), 'watches').toEqual(watched);
      for (const watch of watched) noteWatch(watch);
    }),
    { numRuns },
  );
}

function noteWatch(watch: unknown): void {
  const { end, revisions } = watch as { end: object | null; revisions: unknown[] };
  note({ kind: end === null ? 'watch' : 'watch_ended' });
  for (const _ of revisions) note({ kind: 'watched_revision' });
}

test(`the simulated member answers ${sequences} command sequences as etcd does`, async () => {
  await Promise.all(etcds.map((etcd) => comparePair(etcd, Math.ceil(sequences / pairsCount))));
  for (const kind of mustBeSeen) expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(20);
});

test('a watch from a compacted revision sees all of it but, in some releases of etcd, its deletions', async () => {
  const told: unknown[] = [];
  for (const side of [simulatedSide(contractLimits), realSide(rpc, etcds[0]!.endpoints[0]!)]) {
    await side.call({ kind: 'range', key: 'ready' });
    const run = new Run(side);
    await run.begin(0);
    await run.ask({ kind: 'put', key: 'a', value: new Uint8Array([1]) });
    await run.ask({ kind: 'delete_range', key: 'a' });
    await run.ask({ kind: 'compact', revision: 3, physical: true });
    await run.openWatch({ key: 'a', startRevision: 3 });
    await run.ask({ kind: 'put', key: 'a', value: new Uint8Array([2]) });
    told.push(await run.finish());
  }
  expect(told[0]).toEqual(told[1]);
  expect(told[0]).toMatchObject([{ end: null }]);
});
