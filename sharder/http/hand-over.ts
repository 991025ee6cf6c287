/**
 * Hands a body's budget over to its operations: each shard holds the bytes of its operations until they have ended, so that
 * operations on a shard that does not answer leave room for the others'.
 */
import type { Operation } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import type { RouteContext, RouteRequest } from './context.ts';
import type { Hold } from './memory-budget.ts';
import { largeBodyBytes, overloaded } from './read-body.ts';

/** An operation on its way, besides its key and value: its promises, its place in a lane, its result. */
const operationBytes = 512;

/**
 * @param hold for the body, which is no longer needed. Few bytes are not held further: the store's lanes count them, too.
 * @throws HttpError 429 when there is no room for more work for one of the shards.
 */
export function handOver(
  routed: RouteRequest,
  { store, budgets }: RouteContext,
  hold: Hold | null,
  operations: readonly Operation[],
): void {
  if (hold === null && operations.length === 1) return;
  const shares = new Map<string, number>();
  let sum = 0;
  for (const operation of operations) {
    const bytes = operation.kind === 'put' ? operation.value.length + operationBytes : operationBytes;
    const shard = store.shardIdOf(operation.key);
    const party = shard === undefined ? 'no-shard' : shardName(shard);
    shares.set(party, (shares.get(party) ?? 0) + bytes);
    sum += bytes;
  }
  if (sum < largeBodyBytes) {
    hold?.giveUp();
    return;
  }
  const held = hold ?? budgets.bodies.take(routed.lifetime, 'small-bodies', 0);
  if (!held?.change(shares)) throw overloaded('too much work for one shard is under way');
}
