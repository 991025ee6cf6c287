/** Cuts writes into a destination into chunks that one transaction takes. */
import type { RequestOp } from '../../sharder/core/etcd-messages.ts';
import type { MoverLimits } from './records/mover-limits.ts';

/** As many operations at a time as one write takes. */
export function* inChunks(
  operations: readonly RequestOp[],
  { writeOperationsMax, writeBytesMax }: MoverLimits,
): Generator<RequestOp[]> {
  let chunk: RequestOp[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const more = bytesOf(operation);
    if (chunk.length > 0 && (chunk.length >= writeOperationsMax || bytes + more > writeBytesMax)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(operation);
    bytes += more;
  }
  if (chunk.length > 0) yield chunk;
}

/** Keys are counted by their UTF-16 units: near enough for a bound this far below etcd's. */
export function bytesOf(operation: RequestOp): number {
  if (operation.kind === 'put') return operation.key.length + operation.value.length;
  return operation.kind === 'delete_range' ? operation.key.length : 0;
}
