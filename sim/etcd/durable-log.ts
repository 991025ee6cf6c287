/** What one member has on its disk: the hard state and the log as of the last write that reached it. */
import type { DiskWrite } from '../host/disk.ts';
import type { Entry, HardState } from '../raft/message.ts';

export class DurableLog {
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  readonly entries: Entry[] = [];

  /** A write of `hardState` and of entries that replace everything from the first one's index on. */
  write(hardState: HardState, entries: readonly Entry[], onSynced: () => void): DiskWrite {
    return { apply: (fraction) => this.#apply(hardState, entries, fraction), onSynced };
  }

  /** A torn record ends at an entry: etcd's log has a checksum for each, and the hard state comes last. */
  #apply(hardState: HardState, entries: readonly Entry[], fraction: number): void {
    const count = fraction >= 1 ? entries.length : Math.floor(entries.length * fraction);
    if (count > 0) {
      const kept = entries[0]!.index - 1;
      if (this.entries.length !== kept) this.entries.length = kept;
      for (let at = 0; at < count; at++) this.entries.push(entries[at]!);
    }
    if (fraction >= 1) this.hardState = hardState;
  }
}
