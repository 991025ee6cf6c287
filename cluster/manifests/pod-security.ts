/**
 * The security settings of all pods: those of Kubernetes' `restricted` standard, and a root file system that no process
 * can write to.
 */
import type { PodSecurityContext, SecurityContext } from 'kubernetes-types/core/v1.d.ts';

/** The user and group that etcd, sharder and view server run as; the Dockerfile names the same. */
export const runtimeUser = 10_001;

export const podSecurity: PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: runtimeUser,
  runAsGroup: runtimeUser,
  fsGroup: runtimeUser,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

export const containerSecurity: SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** What pods of this project share: none of them speaks to the Kubernetes API. */
export const podIsolation = {
  automountServiceAccountToken: false,
  // Service variables such as ETCD_1_PORT look like flags to etcd.
  enableServiceLinks: false,
} as const;
