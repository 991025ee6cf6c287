/**
 * The ConfigMap of a shard that has been formed: its first members, and that a later member joins the existing shard. Where
 * it is missing, the shard has not been formed, and its members may form it. It is not applied with the other objects: it is
 * written before the shard's fence, so before any write can be acknowledged, and is deleted with the shard.
 */
import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { commonLabels, shardName, shardSelector } from './names.ts';
import type { KubernetesObject } from './validate-object.ts';

export interface ShardIdentity {
  members: readonly string[];
  /** Members without a vote, new or being replaced: only these may start on an empty volume. */
  joining: readonly string[];
  /** The member that is being added: until the view names it. It is in `members` as soon as etcd has it. */
  adding?: string;
  /** The member that is being removed: until its claim is gone. It is in `members` as long as etcd has it. */
  leaving?: string;
}

const joinPrefix = 'join-';

export function identityName(shard: number): string {
  return `${shardName(shard)}-identity`;
}

export function identityObject(
  cluster: string,
  shard: number,
  { members, joining, adding, leaving }: ShardIdentity,
): KubernetesObject {
  const labels = { ...commonLabels, ...shardSelector({ name: cluster }, shard) };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: identityName(shard), namespace: cluster, labels },
    data: {
      state: 'existing',
      members: members.join(','),
      ...Object.fromEntries(joining.map((member) => [`${joinPrefix}${member}`, 'yes'])),
      ...(adding === undefined ? {} : { adding }),
      ...(leaving === undefined ? {} : { leaving }),
    },
  };
}

/** @throws Error for an object that is not one. */
export function parseIdentity({ metadata, data = {} }: KubernetesObject): ShardIdentity {
  const { members, adding, leaving } = data;
  if (members === undefined)
    throw new Error(`the ConfigMap ${metadata.name} does not say who the members are`);
  const joining = Object.keys(data)
    .filter((key) => key.startsWith(joinPrefix))
    .map((key) => key.slice(joinPrefix.length));
  return {
    members: members.split(','),
    joining,
    ...(adding === undefined ? {} : { adding }),
    ...(leaving === undefined ? {} : { leaving }),
  };
}

/** Only a member without data reads it; etcd takes "new" where it is missing. */
export function clusterStateVariable(shard: number): EnvVar {
  const configMapKeyRef = { name: identityName(shard), key: 'state', optional: true };
  return { name: 'ETCD_INITIAL_CLUSTER_STATE', valueFrom: { configMapKeyRef } };
}
