import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { ClusterStatus } from '../../../../cluster/providers/provider.ts';
import { describeResult } from '../../../../scripts/live/describe-result.ts';
import type { FaultKind } from '../../../../scripts/live/fault-plan.ts';
import { tellFindings, type Finding } from '../../../../scripts/live/finding.ts';
import { LiveRecorder } from '../../../../scripts/live/live-recorder.ts';
import { concludeRun, exitCodeOf, type LiveResult } from '../../../../scripts/live/live-result.ts';
import { Traffic } from '../../../../scripts/live/traffic.ts';

type Judged = Pick<LiveResult, 'verdict' | 'isHealthy' | 'findings' | 'shortcomings'>;
const fine: Judged = { verdict: 'ok', isHealthy: true, findings: [], shortcomings: [] };
const findings = tellFindings([{ kind: 'process-ended', who: 'etcd-1-0', fromNs: 2e9, untilNs: null }]);

test.each<[string, Partial<Judged>, number]>([
  ['linearizable, healthy and busy', {}, 0],
  ['too little happened', { shortcomings: ['no fault of the kind kill_leader fell'] }, 1],
  [
    'a finding, and too little happened',
    { findings, shortcomings: ['no fault of the kind kill_leader fell'] },
    7,
  ],
  ['not healthy after healing, and a finding', { isHealthy: false, findings }, 3],
  ['not linearizable, and a finding', { verdict: 'illegal', findings }, 4],
  ['undecided, and a finding', { verdict: 'unknown', findings }, 6],
  ['not healthy after healing', { isHealthy: false, shortcomings: ['etcd-1-0 does not run'] }, 3],
  ['not linearizable, healthy or not', { verdict: 'illegal', isHealthy: false }, 4],
  ['undecided', { verdict: 'unknown' }, 6],
])('%s', (_, differing, exitCode) => {
  expect(exitCodeOf({ ...fine, ...differing } as LiveResult)).toBe(exitCode);
});

/** The recorder's clock, in seconds, and a run on two shards: all answers, but none of etcd-1 from 3 s to 20 s. */
class ClockedRecorder extends LiveRecorder {
  nowS = 0;
  override nowNs(): number {
    return this.nowS * 1e9;
  }
}

async function silentRun(ended: readonly Finding[], silentFromS: number): Promise<LiveResult> {
  const folder = await mkdtemp(join(tmpdir(), 'vase-result-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const recorder = new ClockedRecorder(join(folder, 'history.jsonl'));
  const shards = ['etcd-1', 'etcd-2'];
  const clients = shards.map((shard) => ({ shard, process: recorder.nextProcess() }));
  for (let second = 0; second < 20; second++)
    for (const { shard, process } of clients) {
      recorder.nowS = second;
      const invocation = recorder.invoke(process, `${shard}/1`, { kind: 'get' });
      recorder.nowS = second + 0.5;
      const isSilent = shard === 'etcd-1' && second >= silentFromS;
      recorder.complete(invocation, isSilent ? { kind: 'fail' } : { kind: 'ok', value: null });
    }
  recorder.fault('kill etcd-2-0', { fromNs: 1e9, untilNs: 19e9 }, ['etcd-2-0']);
  await recorder.close();
  const healed = {
    health: 'ready',
    problems: [],
    sharders: [{ name: 'sharder-1' }],
    shards: shards.map((name) => ({ name, members: [{ name: `${name}-0` }] })),
  } as unknown as ClusterStatus;
  return concludeRun({
    settings: { seed: 1, durationMs: 20_000, folder },
    healed,
    unread: [],
    ended,
    traffic: new Traffic([], []),
    recorder,
    fired: {} as Record<FaultKind, number>,
  });
}

test('findings are in the verdict, the summary, the report and the exit code, and the cluster is not called well', async () => {
  const ended: Finding = { kind: 'process-ended', who: 'etcd-1-0', fromNs: 2.5e9, untilNs: 4e9 };
  const result = await silentRun([ended], 3);
  expect(exitCodeOf(result)).toBe(7);
  const told = stripVTControlCharacters(describeResult(result));
  expect(told).toContain(
    '\n✗ process-ended: etcd-1-0 ended by itself after 2.5 s of the run and was away for at most 1.5 s.\n' +
      '✗ no-answer: etcd-1 answered nothing for 17.0 s, from 2.5 s to 19.5 s of the run, 17.0 s of it under no fault of its own.\n',
  );
  expect(told).toMatch(/^Linearizable: /);
  expect(told).not.toContain('The cluster is well.');
  const summary = JSON.parse(await readFile(join(result.folder, 'summary.json'), 'utf8')) as LiveResult;
  expect(summary.findings).toMatchObject([
    { kind: 'process-ended', who: 'etcd-1-0', fromMs: 2500, untilMs: 4000 },
    { kind: 'no-answer', who: 'etcd-1', fromMs: 2500, untilMs: 19_500 },
  ]);
  const report = await readFile(join(result.folder, 'report.html'), 'utf8');
  expect(report).toContain('<title>Linearizable, with 2 findings');
  const data = JSON.parse(/id="data">(.*)<\/script>/.exec(report)![1]!) as { findings: object[] };
  expect(data.findings).toMatchObject([
    { name: 'process-ended', from: 2500, to: 4000, what: summary.findings[0]!.what },
    { name: 'no-answer', from: 2500, to: 19_500, what: summary.findings[1]!.what },
  ]);
});

test('without a finding the cluster is well, and the report has none', async () => {
  const result = await silentRun([], 20);
  expect(result.findings).toEqual([]);
  expect(describeResult(result)).toContain('\nThe cluster is well.\n');
  expect(await readFile(join(result.folder, 'report.html'), 'utf8')).toContain('<title>Linearizable ·');
});
