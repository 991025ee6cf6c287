/** The write of a copy of the view into a shard that is not the home shard. */
import type { TxnRequest } from './etcd-messages.ts';
import { fenceKey } from './fence.ts';
import type { ShardName } from './identity.ts';
import { encodeView, type View, VIEW_MIRROR_KEY } from './view.ts';
import type { Revision } from './numbers.ts';

/** Writes only into the shard itself, and only over the copy of this mod revision; 0: there is no copy yet. */
export function mirrorRequest(shard: ShardName, view: View, modRevision: Revision): TxnRequest {
  return {
    kind: 'txn',
    compare: [
      { key: fenceKey(shard), target: 'create_revision', result: 'greater', operand: 0 },
      { key: VIEW_MIRROR_KEY, target: 'mod_revision', result: 'equal', operand: modRevision },
    ],
    success: [{ kind: 'put', key: VIEW_MIRROR_KEY, value: encodeView(view) }],
    failure: [],
  };
}
