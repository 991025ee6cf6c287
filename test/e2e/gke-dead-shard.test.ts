// A shard of a cluster on GKE whose member does not start: deploying says which, and serves the rest. The cloud and Kubernetes are stand-ins, whose pods are real etcd and sharder processes.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloudFiles, writeJson } from '../support/gke/cloud-files.ts';
import { checkout, ended, type Ended } from './vase-command.ts';

const size = ['--shards', '2', '--members', '1', '--sharders', '1'];
const where = ['--project', 'my-project', '--region', 'europe-west1', '--confirm', 'my-project'];

let stateRoot: string;
beforeAll(() => {
  stateRoot = join(mkdtempSync(join(tmpdir(), 'vase-gke-')), 'state');
});
afterAll(() => rmSync(join(stateRoot, '..'), { recursive: true, force: true }));

async function deployWithout(...members: string[]): Promise<Ended> {
  writeJson(cloudFiles(join(stateRoot, 'stand-in')).brokenPods, members);
  const vase = [join(checkout, 'scripts', 'vase.js'), 'deploy-gke', ...where, ...size];
  const standIn = join(checkout, 'test', 'support', 'gke', 'stand-in.ts');
  const child = spawn(process.execPath, [standIn, process.execPath, ...vase], {
    cwd: tmpdir(),
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      VASE_ETCD: process.env['VASE_ETCD'],
      VASE_STATE: stateRoot,
    },
  });
  child.stdin.end();
  return ended(child);
}

test('a cluster that was never whole is not served without a shard, not at the second try either', async () => {
  const first = await deployWithout('etcd-2-0');
  expect(first).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('etcd-2-0 starts and ends') });
  const second = await deployWithout('etcd-2-0');
  expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('etcd-2 is dead') });
  expect((await deployWithout()).exitCode).toBe(0);
});

test.each([
  ['another shard', 'etcd-2', /Write the view and the fences \([^)]+\): epoch 1, all were there/],
  ['the home shard', 'etcd-1', /Write the view and the fences \([^)]+\): epoch 1, read from a copy/],
])(
  '%s that is dead is named with its last lines, and the rest is proved to serve',
  async (_, shard, view) => {
    const { exitCode, stdout, stderr } = await deployWithout(`${shard}-0`);
    expect({ exitCode, stderr: exitCode === 3 ? '' : stderr }).toEqual({ exitCode: 3, stderr: '' });
    expect(stdout).toContain('Serving at http://127.20.0.1:5000, and something is left to do');
    expect(stdout).toContain(`${shard} is dead: 0 of its 1 members run, without a leader`);
    expect(stdout).toContain(`${shard}-0 starts and ends again and again with exit code 2`);
    expect(stdout).toContain('| panic: invalid database');
    expect(stderr).toContain(`; dead: ${shard}`);
    expect(stderr).toMatch(view);
    expect(stderr).toContain('ok    Write and read a key on every shard');
  },
);
