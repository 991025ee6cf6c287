import { expect, test } from 'vitest';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import { KubernetesRefusal } from '../../../../../cluster/kubernetes/kubernetes-errors.ts';
import { waitFor } from '../../../../../cluster/providers/kubernetes/wait-for.ts';

const crashing = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'etcd-4-0',
    labels: { 'vase/shard': '4', 'app.kubernetes.io/component': 'etcd' },
    creationTimestamp: new Date().toISOString(),
  },
  status: {
    phase: 'Running',
    containerStatuses: [
      {
        name: 'etcd',
        image: 'etcd:1',
        imageID: '',
        ready: false,
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 3, finishedAt: new Date().toISOString() } },
      },
    ],
  },
};

function waitWith(readLog: () => Promise<string>): Promise<null> {
  const list = async ({ kind }: { kind: string }) => (kind === 'Pod' ? [crashing] : []);
  const client = { list, readLog } as unknown as KubernetesClient;
  const { signal } = new AbortController();
  const waiting = { cluster: { client, instance: 'vase' }, signal, sinceMs: Date.now() - 60_000 };
  return waitFor(waiting, { what: 'the members of etcd-4', check: async () => null });
}

test('a crash is told with the last lines of the log', async () => {
  await expect(waitWith(async () => 'one\ntwo\n')).rejects.toThrow(/etcd-4-0.*\n {2}\| one\n {2}\| two$/);
});

test('a crash is told where the log may not be read', async () => {
  const refusal = new KubernetesRefusal(
    403,
    'pods "etcd-4-0" is forbidden: cannot get resource "pods/log"',
    null,
  );
  const told = waitWith(() => Promise.reject(refusal));
  await expect(told).rejects.toThrow(/etcd-4-0/);
  await expect(told).rejects.not.toThrow(/forbidden|\|/);
});
