/**
 * One record under one key of the home shard, changed by compare-and-swap. A change is a function of the present
 * record, and is applied again to a newer record when the write fails, so applying it twice must be harmless.
 */
import type { EtcdReply, EtcdRequest } from '../../../sharder/core/etcd-messages.ts';
import { bytesToJson, jsonToBytes } from '../../../sharder/core/json-bytes.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import { ClusterError } from '../../errors.ts';

const callMsMax = 5000;
/** Others change the record a few times per second at most; a lost call costs a round, too. */
const roundsMax = 20;

export interface Stored<T> {
  value: T;
  modRevision: number;
}

export class HomeRecord<T> {
  private readonly home: ShardClient;
  private readonly key: string;
  private readonly decode: (raw: unknown) => T;
  private readonly encode: (value: T) => unknown;

  /** @param options.decode gets null when there is no record. @param options.encode absent: the value is written as it is. */
  constructor(options: {
    home: ShardClient;
    key: string;
    decode: (raw: unknown) => T;
    encode?: (value: T) => unknown;
  }) {
    this.home = options.home;
    this.key = options.key;
    this.decode = options.decode;
    this.encode = options.encode ?? ((value) => value);
  }

  /** @throws ClusterError when the home shard does not answer. */
  async read(): Promise<Stored<T>> {
    const reply = await callHome(this.home, { kind: 'range', key: this.key }, true);
    if (reply?.kind !== 'range') throw unreachable();
    const kv = reply.kvs[0];
    return { value: this.decode(kv ? bytesToJson(kv.value) : null), modRevision: kv?.modRevision ?? 0 };
  }

  /**
   * @param change returns the new record; null for no change.
   * @returns the record afterwards.
   * @throws ClusterError when the home shard does not answer; what `change` throws.
   */
  async update(change: (value: T) => T | null): Promise<T> {
    for (let round = 0; round < roundsMax; round++) {
      const { value, modRevision } = await this.read();
      const changed = change(value);
      if (changed === null) return value;
      const reply = await callHome(
        this.home,
        {
          kind: 'txn',
          compare: [{ key: this.key, target: 'mod_revision', result: 'equal', operand: modRevision }],
          success: [{ kind: 'put', key: this.key, value: jsonToBytes(this.encode(changed)) }],
          failure: [],
        },
        false,
      );
      if (reply?.kind === 'txn' && reply.succeeded) return changed;
    }
    throw unreachable();
  }
}

/** The reply; null when there is none, or when the outcome of a write is unknown. */
export async function callHome(
  home: ShardClient,
  request: EtcdRequest,
  readOnly: boolean,
): Promise<EtcdReply | null> {
  const outcome = await home.execute(request, { readOnly, deadlineMs: callMsMax });
  return outcome.kind === 'reply' ? outcome.reply : null;
}

function unreachable(): ClusterError {
  return new ClusterError('the home shard does not answer', { nextStep: 'See `make status`.' });
}
