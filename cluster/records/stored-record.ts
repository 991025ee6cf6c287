/** Reads one record of a shard from the first member that answers. */
import { readRecord, RecordError } from '../../sharder/core/record-fields.ts';
import type { EtcdCaller } from '../etcd/etcd-caller.ts';

const answerTimeoutMs = 3000;

/**
 * The members are asked in turn: the first answer counts for all of them.
 * @param endpoints "host:port" of the members.
 * @returns null when no member answers, there is no record, or it cannot be read.
 */
export async function readStored<Value>(
  rpc: EtcdCaller,
  endpoints: readonly string[],
  range: { key: string; rangeEnd?: string },
  decode: (bytes: Uint8Array) => Value,
): Promise<Value | null> {
  for (const endpoint of endpoints) {
    const result = await rpc.call(endpoint, { kind: 'range', ...range }, { deadlineMs: answerTimeoutMs });
    if (result.kind !== 'reply' || result.reply.kind !== 'range') continue;
    const stored = result.reply.kvs[0];
    try {
      return stored === undefined ? null : readRecord(() => decode(stored.value));
    } catch (error) {
      if (error instanceof RecordError) return null;
      throw error;
    }
  }
  return null;
}
