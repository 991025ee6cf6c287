/** The writes that a destination still needs: the newest state of each key, so any number of writes to a key take one place. */
import type { RequestOp } from '../../../sharder/core/etcd-messages.ts';

export class GatheredWrites {
  /** Key to its value (null: deleted), in no order. */
  private values = new Map<string, Uint8Array | null>();
  private sum = 0;

  get size(): number {
    return this.values.size;
  }

  /** Keys are counted by their UTF-16 units. */
  get bytes(): number {
    return this.sum;
  }

  set(key: string, value: Uint8Array | null): void {
    const before = this.values.get(key);
    if (before !== undefined) this.sum -= bytesOf(key, before);
    this.values.set(key, value);
    this.sum += bytesOf(key, value);
  }

  /** Returns all writes, and forgets them. */
  take(): RequestOp[] {
    const operations = [...this.values].map(([key, value]): RequestOp =>
      value === null ? { kind: 'delete_range', key } : { kind: 'put', key, value },
    );
    this.values = new Map();
    this.sum = 0;
    return operations;
  }
}

function bytesOf(key: string, value: Uint8Array | null): number {
  return key.length + (value?.length ?? 0);
}
