/** The change of a shard's member that was begun and is not done: the shard's ConfigMap records it for the next command. */
import { shardName } from '../../../sharder/core/view.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { componentSelector } from '../../manifests/names.ts';
import { parseIdentity, type ShardIdentity } from '../../manifests/shard-identity.ts';
import type { KubernetesObject } from '../../manifests/validate-object.ts';
import type { Problem } from '../provider.ts';
import { shardOf } from './live-objects.ts';

export interface BegunChange {
  name: string;
  kind: 'adding' | 'leaving' | 'replacing';
  what: string;
  /** The command that continues the change. */
  goOn: string;
}

/** The member change that was begun and is not done; null where there is none. */
export function changeOf(shard: number, { adding, leaving, joining }: ShardIdentity): BegunChange | null {
  if (leaving !== undefined)
    return {
      name: leaving,
      kind: 'leaving',
      what: `${leaving} has been told to leave its shard, and has not left yet`,
      goOn: `vase member remove ${leaving}`,
    };
  const noVote = (name: string) => `${name} has no vote in its shard yet`;
  if (adding !== undefined)
    return {
      name: adding,
      kind: 'adding',
      what: noVote(adding),
      goOn: `vase member add ${shardName(shard)}`,
    };
  const [name] = joining;
  return name === undefined
    ? null
    : { name, kind: 'replacing', what: noVote(name), goOn: `vase member replace ${name}` };
}

export function describeBegun({ what, goOn }: BegunChange): Problem {
  return { what, fix: `\`${goOn}\` goes on with that, and so does \`make up\`.` };
}

/** The begun changes of all shards. */
export async function findBegun(client: KubernetesClient, instance: string): Promise<BegunChange[]> {
  const labels = componentSelector({ name: instance }, 'etcd');
  const where = { apiVersion: 'v1', kind: 'ConfigMap', namespace: instance, labels };
  const identities = await client.list<KubernetesObject>(where);
  return identities.flatMap((object) => changeOf(shardOf(object)!, parseIdentity(object)) ?? []);
}
