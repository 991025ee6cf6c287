/**
 * How a member comes to its vote in a shard, or leaves it, wherever that runs: in rounds, each of which looks at etcd's own list
 * and does the next thing, so that a call which was cut short anywhere is gone on with by the next.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusReply } from '../../sharder/core/etcd-messages.ts';
import { ClusterError } from '../errors.ts';

/** Entries that a member gets within a moment; etcd itself judges whether it is near enough. */
const nearEntries = 5000;

export interface Rounds {
  /** What has happened when it comes no further: "etcd-1-0 does not come to its vote in etcd-1". */
  fault: string;
  /** The command that goes on from there. */
  goOn: string;
  /** How long it may come no further. etcd adds no member until all others have been connected for 5 s. */
  patienceMs: number;
  pollMs: number;
  signal: AbortSignal;
  progress: RoundsProgress;
}

/**
 * @param nextStep true when there is nothing left to do. What it throws is tried again, but for a ClusterError.
 * @throws ClusterError when it comes no further.
 */
export async function goInRounds(rounds: Rounds, nextStep: () => Promise<boolean>): Promise<void> {
  const { fault, goOn, patienceMs, pollMs, signal, progress } = rounds;
  for (;;) {
    signal.throwIfAborted();
    try {
      if (await nextStep()) return;
    } catch (error) {
      if (error instanceof ClusterError || !(error instanceof Error)) throw error;
      progress.problem = error.message;
    }
    if (performance.now() - progress.atMs > patienceMs)
      throw new ClusterError(`${fault}: ${progress.problem}`, {
        nextStep: `Look at \`make status\`; \`${goOn}\` goes on from here.`,
      });
    await delay(pollMs, undefined, { signal });
  }
}

/** What has been told last, and when: the same thing is told once. */
export class RoundsProgress {
  atMs = performance.now();
  problem = 'nothing leads it';
  private readonly report: (step: string) => void;
  private last = '';

  constructor(report: (step: string) => void) {
    this.report = report;
  }

  tell(step: string): void {
    if (step === this.last) return;
    this.last = step;
    this.atMs = performance.now();
    this.report(step);
  }
}

/** Whether etcd need be asked to give it its vote; tells how far it is. */
export function isNear(
  name: string,
  status: StatusReply,
  leader: StatusReply,
  progress: RoundsProgress,
): boolean {
  if (status.leaderId === '0') {
    progress.tell(`${name} is asking for the data`);
    return false;
  }
  progress.tell(`${name} has ${status.raftIndex} of ${leader.raftIndex} entries of the log`);
  return leader.raftIndex - status.raftIndex <= nearEntries;
}
