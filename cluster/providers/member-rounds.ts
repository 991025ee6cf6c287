/**
 * How a member gets its vote in a shard, or leaves the shard, with every provider: in rounds. Each round reads etcd's own list
 * and does the next step, so that the next call continues a call that was cut short anywhere.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusReply } from '../../sharder/core/etcd-messages.ts';
import { ClusterError } from '../errors.ts';

/** A member receives this many entries within a moment; etcd itself judges whether it is near enough. */
const nearEntries = 5000;

export interface Rounds {
  /** The fault to report when the rounds make no progress: "etcd-1-0 does not come to its vote in etcd-1". */
  fault: string;
  /** The command that continues from there. */
  goOn: string;
  /** How long the rounds may make no progress. etcd adds no member until all others have been connected for 5 s. */
  patienceMs: number;
  pollMs: number;
  signal: AbortSignal;
  progress: RoundsProgress;
}

/**
 * @param nextStep returns true when nothing is left to do. A step that throws is tried again, unless it throws a ClusterError.
 * @throws ClusterError when the rounds make no progress.
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

/** The last step that was reported, and when: a step that repeats is reported once. */
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

/** Whether the member is near enough to ask etcd for its vote; reports how far it is. */
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
