/**
 * The home shard dies: two of its three members cannot open their databases. `up` names it, sharders start from the copies
 * of the view that the other shards have, and the next `up` mends it.
 */
import { expect, test } from 'vitest';
import { listNodes } from '../../cluster/providers/kind/kind-command.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import type { Ended } from '../e2e/vase-command.ts';
import { report, type KindCommand } from './kind-machine.ts';

const lost = ['etcd-1-0', 'etcd-1-1'];
const sharders = ['--selector', 'app.kubernetes.io/component=sharder'];
const atOnce = ['--grace-period=0', '--force'];

interface Cluster {
  vase: KindCommand;
  endpoint: string;
  /** Runs `vase up` with the settings that the cluster has. */
  runUp: () => Promise<Ended>;
}

export function deadShardTest(cluster: () => Cluster): void {
  test('names its home shard when that is dead, and serves the others from copies of the view', async () => {
    const { vase, endpoint, runUp } = cluster();
    const key = await keyBesidesHome(endpoint);
    const startedMs = performance.now();
    for (const member of lost) await inVolume(vase, member, 'mv "$db" "$db.away"; echo none > "$db"');
    try {
      await vase.kubectl('delete', 'pods', ...lost, ...atOnce);
      await vase.kubectl('delete', 'pods', ...sharders, ...atOnce);
      const { exitCode, stdout, stderr } = await runUp();
      report('kind with a dead home shard', performance.now() - startedMs);
      expect({ exitCode, stderr: exitCode === 3 ? '' : stderr }).toEqual({ exitCode: 3, stderr: '' });
      expect(stdout).toMatch(/etcd-1 is dead: [01] of its 3 members run, without a leader/);
      for (const member of lost) expect(stdout).toContain(`${member} starts and ends again and again`);
      expect(stderr).toContain('read from a copy');
      expect(stderr).toContain('ok    Write and read a key on every shard');
      const answer = await fetch(`${endpoint}/v1/kv/${key}`);
      expect([answer.status, await answer.text()]).toEqual([200, key]);
      expect((await vase.provider.status()).health).toBe('unavailable');
    } finally {
      for (const member of lost) await inVolume(vase, member, 'mv "$db.away" "$db"');
    }
    const mended = await runUp();
    expect({ ...mended, stdout: mended.exitCode === 0 ? '' : mended.stdout }).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(mended.stdout).toContain(`Ready at ${endpoint}`);
    report('the same, and mended', performance.now() - startedMs);
  }, 600_000);
}

/** A key of another shard, with itself as its value. */
async function keyBesidesHome(endpoint: string): Promise<string> {
  for (let number = 0; ; number++) {
    const key = `dead-shard-${number}`;
    const answer = await fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body: key });
    expect(answer.ok).toBe(true);
    if (answer.headers.get('vase-shard') !== 'etcd-1') return key;
  }
}

/** Runs a line of shell on the node that has the member's volume; `$db` is its database. */
async function inVolume(vase: KindCommand, member: string, script: string): Promise<void> {
  const claim = `persistentvolumeclaim/data-${member}`;
  const volume = await vase.kubectl('get', claim, '--output', 'jsonpath={.spec.volumeName}');
  const [node] = await listNodes(vase.name);
  const find = `db=$(find /var -path '*${volume}*/member/snap/db')`;
  await runCommand('docker', ['exec', node!.name, 'sh', '-euc', `${find}; ${script}`]);
}
