/** How the moves of a run ended, beside those that were done, as the movers' trace tells it: for the report. */
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimTraceLine } from '../trace/sim-event.ts';

export class MoveTally {
  /** Moves begun again because a watch had not told what its shard holds. */
  unproven = 0;
  /** Moves given up after a few attempts. */
  failed = 0;
  /** Copies whose first page had a revision that was compacted before the last page was read. */
  copiesOutlasting = 0;
  private readonly clusterOf: (shard: number) => SimCluster;

  constructor(clusterOf: (shard: number) => SimCluster) {
    this.clusterOf = clusterOf;
  }

  onTrace({ event }: SimTraceLine): void {
    if (event.name === 'move.unproven') this.unproven++;
    if (event.name === 'move.failed') this.failed++;
    if (event.name !== 'move.copied') return;
    const { members } = this.clusterOf(event.from);
    if (members.some(({ machine }) => machine.store.compactRevision > event.oldest)) this.copiesOutlasting++;
  }
}
