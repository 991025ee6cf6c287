/** What became of the moves of a run, as the movers' trace tells it, beside those that ended: for the report. */
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimTraceLine } from '../trace/sim-event.ts';

export class MoveTally {
  /** Begun again because a watch had not told what its shard holds. */
  unproven = 0;
  /** Given up after a few tries. */
  failed = 0;
  /** Copies whose first page was of a revision that was forgotten before the last page. */
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
