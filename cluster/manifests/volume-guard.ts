/**
 * The container that runs before a member's etcd and ends with 1 where the volume is not that member's. The manifests contain
 * its program's text, and it runs in an image that has Node: on kind the base image, since a new image of Vase must not
 * restart the members; on GKE Vase's own, since nodes there reach no registry that has the base image.
 */
import { readFileSync } from 'node:fs';
import type { Container, Volume } from 'kubernetes-types/core/v1.d.ts';
import { containerResources } from './container-resources.ts';
import { clusterToken } from './names.ts';
import type { Blueprint } from './overlay.ts';
import { containerSecurity } from './pod-security.ts';
import { identityName } from './shard-identity.ts';

export const volumeGuardName = 'volume-guard';
const identityVolume = 'identity';
const identityFolder = '/etc/vase/identity';

const program = readFileSync(new URL('../volume-guard/main.ts', import.meta.url), 'utf8');

export function volumeGuard(
  { topology, overlay }: Blueprint,
  { shard, volume, mountPath }: { shard: number; volume: string; mountPath: string },
): Container {
  const run = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '--eval', program];
  return {
    name: volumeGuardName,
    image: topology.images[overlay.guardImage],
    imagePullPolicy: 'IfNotPresent',
    command: ['node', ...run],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'VASE_CLUSTER', value: topology.name },
      { name: 'VASE_SHARD', value: String(shard) },
      { name: 'VASE_TOKEN', value: clusterToken(topology, shard) },
      { name: 'VASE_VOLUME', value: mountPath },
      { name: 'VASE_IDENTITY', value: identityFolder },
    ],
    resources: containerResources(overlay.requests.firstContainer, { cpu: null, memory: null }),
    // The container's output goes into the pod's status, which everybody who may look at pods can read.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: containerSecurity,
    volumeMounts: [
      { name: volume, mountPath },
      { name: identityVolume, mountPath: identityFolder, readOnly: true },
    ],
  };
}

export function volumeGuardVolume(shard: number): Volume {
  return { name: identityVolume, configMap: { name: identityName(shard), optional: true } };
}
