/** Command sequences against a real etcd and a simulated one side by side: the same to both, and the same answer from both. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { EtcdRequest, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import { describeResult, describeWatch, toAbsolute, watchToAbsolute, type Base } from './relative.ts';
import { request, watchRequest } from './requests.ts';
import type { RecordedWatch, Side } from './side.ts';

const commandsPerSequenceMax = 32;
/** Leases 1 and 2 are the ones that requests name. */
const leasesPerSequence = 2;

/** One side in the middle of a command sequence. */
export class Run {
  readonly side: Side;
  base: Base = { revision: 0, lease: 0 };
  watches: { request: WatchRequest; watch: RecordedWatch }[] = [];

  constructor(side: Side) {
    this.side = side;
  }

  /** Empties the store, makes one revision that no compaction has reached, and grants the first of the two leases. */
  async begin(lease: number): Promise<void> {
    await this.side.call({ kind: 'delete_range', key: '\0', rangeEnd: '\0' });
    const started = await this.side.call({ kind: 'put', key: 'start', value: new Uint8Array() });
    await this.side.call({ kind: 'lease_grant', id: lease + 1, ttlSeconds: 600 });
    this.base = { revision: revisionOf(started), lease };
    this.watches = [];
  }

  async ask(relative: EtcdRequest): Promise<unknown> {
    return describeResult(await this.side.call(toAbsolute(relative, this.base)), this.base);
  }

  /** Waits for the replay of history: until then, what a compaction does to the watch is a matter of time. */
  async openWatch(relative: WatchRequest): Promise<unknown> {
    const watched = watchToAbsolute(relative, this.base);
    const watch = await this.side.watch(watched);
    this.watches.push({ request: watched, watch });
    const revision = await this.#mark(watched);
    if (revision >= (watched.startRevision ?? 0)) await watch.reached(revision);
    return { kind: 'watch opened' };
  }

  /** Marks the end of every watch by a put that it must see, and tells what each has seen until then. */
  async finish(): Promise<unknown[]> {
    const described: unknown[] = [];
    for (const { request: watched, watch } of this.watches) {
      let revision = 0;
      do {
        revision = await this.#mark(watched);
      } while (revision < (watched.startRevision ?? 0));
      await watch.reached(revision);
      described.push(describeWatch(watch, revision, this.base));
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

/** What was compared, and how often: a contract that never sees an error proves nothing about it. */
export class Seen {
  readonly counts = new Map<string, number>();
  /** The side that has answered otherwise; null: none so far. */
  failed: Side | null = null;

  answer(answer: unknown): void {
    const { kind, refused } = answer as { kind?: string; refused?: string };
    this.#note(refused ?? kind ?? 'other');
  }

  watch(watch: unknown): void {
    const { end, revisions } = watch as { end: object | null; revisions: unknown[] };
    this.#note(end === null ? 'watch' : 'watch_ended');
    for (const _ of revisions) this.#note('watched_revision');
  }

  #note(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** A command of a sequence. */
class Both implements fc.AsyncCommand<Run, Run> {
  readonly #name: string;
  readonly #ask: (run: Run) => Promise<unknown>;
  readonly #seen: Seen;

  constructor(name: string, seen: Seen, ask: (run: Run) => Promise<unknown>) {
    this.#name = name;
    this.#seen = seen;
    this.#ask = ask;
  }

  check(): boolean {
    return true;
  }

  async run(simulated: Run, real: Run): Promise<void> {
    const answer = await this.#ask(real);
    expect(await this.#ask(simulated), this.#name).toEqual(answer);
    this.#seen.answer(answer);
  }

  toString(): string {
    return this.#name;
  }
}

/** Runs so many sequences. @param nextLease gives the number from which a sequence counts its leases, never the same twice. */
export async function compareSequences(
  sides: { simulated: Side; real: Side },
  { numRuns, nextLease, seen }: { numRuns: number; nextLease: () => number; seen: Seen },
): Promise<void> {
  /** Another pair has failed: this one has nothing to add. */
  const isOver = (): boolean => seen.failed !== null && seen.failed !== sides.real;
  // Answered once there is a leader.
  await sides.simulated.call({ kind: 'range', key: 'ready' });
  const simulated = new Run(sides.simulated);
  const real = new Run(sides.real);
  const ask = (relative: EtcdRequest): Both =>
    new Both(JSON.stringify(relative), seen, (run) => run.ask(relative));
  const open = (relative: WatchRequest): Both =>
    new Both(`watch ${JSON.stringify(relative)}`, seen, (run) => run.openWatch(relative));
  const commands = fc.commands(
    // A watch takes etcd a tenth of a second: one command in sixteen is enough.
    [...Array.from({ length: 15 }, () => request.map(ask)), watchRequest.map(open)],
    { maxCommands: commandsPerSequenceMax, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      if (isOver()) return;
      const lease = nextLease();
      await Promise.all([simulated.begin(lease), real.begin(lease)]);
      try {
        await fc.asyncModelRun(() => ({ model: simulated, real }), sequence);
        const watched = await real.finish();
        expect(await simulated.finish(), 'watches').toEqual(watched);
        for (const watch of watched) seen.watch(watch);
      } catch (error) {
        seen.failed ??= sides.real;
        throw error;
      }
    }),
    { numRuns },
  );
}
