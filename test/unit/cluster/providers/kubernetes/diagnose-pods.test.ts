import { expect, test } from 'vitest';
import { diagnosePods, type Sight } from '../../../../../cluster/providers/kubernetes/diagnose-pods.ts';
import type { LiveEvent, Pod } from '../../../../../cluster/providers/kubernetes/live-objects.ts';

const nowMs = Date.parse('2026-01-01T00:01:00Z');
const sinceMs = Date.parse('2026-01-01T00:00:00Z');

function pod(status: NonNullable<Pod['status']>, createdAt = '2026-01-01T00:00:01Z'): Pod {
  const labels = { 'vase/shard': '1' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'etcd-1-0', labels, creationTimestamp: createdAt },
    status,
  };
}

function container(state: object, more: object = {}) {
  return { name: 'etcd', image: 'etcd:1', imageID: '', ready: false, restartCount: 0, state, ...more };
}

function diagnose(one: Pod, more: Partial<Sight> = {}) {
  return diagnosePods({ pods: [one], events: [], nowMs, sinceMs, ...more });
}

test('a pod that runs has no fault, nor one that is being made', () => {
  const running = container({ running: { startedAt: '2026-01-01T00:00:02Z' } }, { ready: true });
  expect(diagnose(pod({ containerStatuses: [running] }))).toEqual([]);
  expect(
    diagnose(pod({ containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] })),
  ).toEqual([]);
});

test.each(['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'])(
  'an image that cannot be had (%s) is named with what to set',
  (why) => {
    const [fault] = diagnose(
      pod({ containerStatuses: [container({ waiting: { reason: why, message: 'not found' } })] }),
    );
    expect(fault).toMatchObject({ kind: 'image', what: expect.stringContaining('etcd:1: not found') });
    expect(fault!.nextStep).toContain('VASE_ETCD_IMAGE');
  },
);

test('an image of the container that comes first counts, too', () => {
  const first = { ...container({ waiting: { reason: 'ErrImagePull' } }), name: 'open-volume' };
  expect(diagnose(pod({ initContainerStatuses: [first] }))).toMatchObject([{ container: 'open-volume' }]);
});

test('a volume that is not to be started on is told at its first end, in the words of what looked at it', () => {
  const terminated = {
    exitCode: 1,
    finishedAt: '2026-01-01T00:00:30Z',
    message: 'the volume of etcd-1-0 is empty, and so on\nType: vase member replace etcd-1-0\n',
  };
  const told = {
    pod: 'etcd-1-0',
    kind: 'crash',
    what: 'the volume of etcd-1-0 is empty, and so on',
    nextStep: 'Type: vase member replace etcd-1-0',
    hasLog: false,
  };
  const guard = { ...container({ terminated }), name: 'volume-guard' };
  expect(diagnose(pod({ initContainerStatuses: [guard] }))).toMatchObject([told]);
  const waiting = {
    ...guard,
    ...container({ waiting: { reason: 'CrashLoopBackOff' } }),
    name: 'volume-guard',
  };
  expect(diagnose(pod({ initContainerStatuses: [{ ...waiting, lastState: { terminated } }] }))).toMatchObject(
    [told],
  );
  // By now it has let etcd start.
  const passed = { ...guard, state: { terminated: { exitCode: 0 } }, lastState: { terminated } };
  expect(diagnose(pod({ initContainerStatuses: [passed] }))).toEqual([]);
});

test('a container that comes first and was tried many times before it let etcd start is no fault ever after', () => {
  const terminated = { exitCode: 0, finishedAt: '2026-01-01T00:00:30Z' };
  const passed = {
    ...container({ terminated }, { restartCount: 4, ready: true }),
    name: 'volume-guard',
    lastState: { terminated: { ...terminated, exitCode: 1 } },
  };
  const running = container({ running: { startedAt: '2026-01-01T00:00:31Z' } }, { ready: true });
  for (const etcd of [running, container({ waiting: { reason: 'PodInitializing' } })])
    expect(
      diagnose(pod({ initContainerStatuses: [passed], containerStatuses: [etcd] }), { sinceMs: 0 }),
    ).toEqual([]);
});

test('a crash loop is one from the second end on, if it is of this time', () => {
  const crash = (finishedAt: string) =>
    pod({
      containerStatuses: [
        container(
          { waiting: { reason: 'CrashLoopBackOff' } },
          { restartCount: 1, lastState: { terminated: { exitCode: 3, finishedAt } } },
        ),
      ],
    });
  expect(diagnose(crash('2026-01-01T00:00:30Z'))).toMatchObject([
    { kind: 'crash', hasLog: true, what: expect.stringContaining('exit code 3') },
  ]);
  expect(diagnose(crash('2025-12-31T23:59:00Z'))).toEqual([]);
});

test('a container that took too much memory says so', () => {
  const terminated = { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T00:00:30Z' };
  const status = container({ terminated }, { restartCount: 2 });
  expect(diagnose(pod({ containerStatuses: [status] }))[0]!.what).toContain('more memory');
});

test('a pod that no node takes is a fault only when it has waited a little', () => {
  const conditions = [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'Insufficient cpu' },
  ];
  expect(diagnose(pod({ conditions }))).toMatchObject([
    { kind: 'unschedulable', what: expect.stringContaining('Insufficient cpu') },
  ]);
  expect(diagnose(pod({ conditions }, '2026-01-01T00:00:58Z'))).toEqual([]);
});

test('a pod that waits for its volume, or for a node that has just come, has more time than one without room', () => {
  const message = '0/1 nodes are available: 1 node(s) had taint {node.kubernetes.io/not-ready: }';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  expect(diagnose(pod({ conditions }, '2026-01-01T00:00:45Z'))).toEqual([]);
  expect(diagnose(pod({ conditions }, '2026-01-01T00:00:20Z'))).toMatchObject([{ kind: 'unschedulable' }]);
});

test('a volume that cannot be mounted is found in the events', () => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'x' },
    involvedObject: { name: 'etcd-1-0' },
    reason: 'FailedMount',
    message: 'no such folder',
    lastTimestamp: '2026-01-01T00:00:50Z',
  } as LiveEvent;
  const waiting = pod({ containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] });
  expect(diagnose(waiting, { events: [event] })).toMatchObject([{ kind: 'volume' }]);
  expect(diagnose(waiting, { events: [{ ...event, involvedObject: { name: 'other' } }] })).toEqual([]);
  // A node may not see a claim in the first moments after it was given the pod, and tries again.
  expect(diagnose(waiting, { events: [{ ...event, lastTimestamp: '2026-01-01T00:00:12Z' }] })).toEqual([]);
});

test('a pod on its way out has no fault', () => {
  const gone = pod({ containerStatuses: [container({ waiting: { reason: 'ErrImagePull' } })] });
  gone.metadata.deletionTimestamp = '2026-01-01T00:00:40Z';
  expect(diagnose(gone)).toEqual([]);
});
