/**
 * When Kubernetes restarts a member and when it sends clients to it. All probes go to the metrics port, which is plain
 * HTTP with and without TLS, and which etcd opens once its log and database are loaded, with or without a quorum.
 *
 * Liveness never asks for a quorum: a member that has lost its peers must not be restarted, since a restart cannot
 * bring them back and takes one more voter away. /livez reads this member's own data; where etcd has no /livez, an
 * answer to /metrics shows that the process still serves. (Its /health is a linearizable read, so it needs the quorum.
 * An open port would not do: the kernel accepts connections for a process that hangs.)
 *
 * Readiness does ask for a linearizable read: a member that cannot answer one is of no use to a sharder. A rolling update
 * waits for readiness, so it never stops a second member while the first has not caught up. NOSPACE does not make a member
 * unready, since reads and deletes still work.
 */
import type { Container, Probe } from 'kubernetes-types/core/v1.d.ts';
import type { EtcdCapabilities } from './etcd-capabilities.ts';

/** How long a member may load its database before it counts as hung. */
const startSecondsMax = 600;

export function etcdProbes(
  capabilities: EtcdCapabilities,
): Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> {
  const alive = capabilities.hasLivez ? '/livez' : '/metrics';
  const ready = capabilities.hasLivez ? '/readyz' : '/health?exclude=NOSPACE';
  const startPeriodSeconds = 2;
  return {
    startupProbe: probe(alive, {
      periodSeconds: startPeriodSeconds,
      failureThreshold: startSecondsMax / startPeriodSeconds,
    }),
    livenessProbe: probe(alive, { periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 }),
    readinessProbe: probe(ready, { periodSeconds: 3, timeoutSeconds: 5, failureThreshold: 2 }),
  };
}

function probe(path: string, timing: Omit<Probe, 'httpGet'>): Probe {
  return { httpGet: { path, port: 'metrics' }, ...timing };
}
