/**
 * The client of a shard that checks the requests of its sharder: of one key at most one write is in flight at a time, and of
 * transactions of writes at most two.
 */
import type { EtcdRequest, RequestOp } from '../../../sharder/core/etcd-messages.ts';
import type { CallOptions, CallOutcome } from '../../../sharder/core/shard-client.ts';
import { EtcdShardClient, type EtcdShardClientOptions } from '../../../sharder/etcd/client/shard-client.ts';
import type { Violations } from './violations.ts';

const transactionsMax = 2;

export class WatchedShardClient extends EtcdShardClient {
  private readonly onBroken: (message: string) => void;
  private readonly keys = new Set<string>();
  private transactions = 0;

  constructor(options: EtcdShardClientOptions, violations: Violations, sharder: string) {
    super(options);
    this.onBroken = (message) => violations.add('keys_apart', `${sharder}: ${message}`);
  }

  override async execute(request: EtcdRequest, options: CallOptions): Promise<CallOutcome> {
    if (options.readOnly || request.kind !== 'txn') return super.execute(request, options);
    const keys: string[] = [];
    for (const op of request.success) addWrittenKeys(op, keys);
    for (const key of keys) {
      if (this.keys.has(key)) this.onBroken(`a second write of ${key} is sent before the first has ended`);
      this.keys.add(key);
    }
    if (++this.transactions > transactionsMax)
      this.onBroken(`${this.transactions} transactions of writes to one shard are under way`);
    const outcome = await super.execute(request, options);
    this.transactions--;
    for (const key of keys) this.keys.delete(key);
    return outcome;
  }
}

function addWrittenKeys(op: RequestOp, keys: string[]): void {
  if (op.kind === 'txn') {
    for (const each of op.success) addWrittenKeys(each, keys);
    for (const each of op.failure) addWrittenKeys(each, keys);
  } else if (op.kind !== 'range') keys.push(op.key);
}
