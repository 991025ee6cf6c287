/** The view as the home shard has it, read by a command from outside the cluster. */
import { decodeView, VIEW_KEY, type View } from '../../../sharder/core/view.ts';
import { ClusterError } from '../../errors.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';

const answerTimeoutMs = 3000;

/**
 * @param home endpoints of the home shard's members, as they are inside the cluster.
 * @returns null when none has been written yet.
 * @throws ClusterError when no member answers.
 */
export async function readView(cluster: KubernetesCluster, home: readonly string[]): Promise<View | null> {
  for (const endpoint of home) {
    const options = { deadlineMs: answerTimeoutMs };
    const result = await cluster.members.call(endpoint, { kind: 'range', key: VIEW_KEY }, options);
    if (result.kind !== 'reply' || result.reply.kind !== 'range') continue;
    const stored = result.reply.kvs[0];
    return stored === undefined ? null : decodeView(stored.value);
  }
  throw new ClusterError('no member of the home shard answers', { nextStep: 'See `make status`.' });
}
