// The whole flow for GKE as a user runs it: gcloud and docker are stand-ins that record their command lines, Kubernetes
// is a stand-in API whose pods are real etcd and sharder processes with the certificates that were applied.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloudFiles, readCloud, readCommands, writeJson } from '../support/gke/cloud-files.ts';
import { everyCommand, publicTarget } from '../support/gke/every-command.ts';
import { checkout, ended, type Ended } from './vase-command.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';

const size = ['--shards', '1', '--members', '1', '--sharders', '1'];
const where = ['--project', 'my-project', '--region', 'europe-west1'];
const confirmed = ['--confirm', 'my-project'];
const toPublic = ['--expose', 'public', '--allow', '203.0.113.0/24'];

let stateRoot: string;
beforeAll(() => {
  stateRoot = join(mkdtempSync(join(tmpdir(), 'vase-gke-')), 'state');
});
afterAll(() => rmSync(join(stateRoot, '..'), { recursive: true, force: true }));

async function run(args: string[], options: { hasStandIn?: boolean; path?: string } = {}): Promise<Ended> {
  const vase = [join(checkout, 'scripts', 'vase.js'), ...args];
  const standIn = join(checkout, 'test', 'support', 'gke', 'stand-in.ts');
  const command = options.hasStandIn === false ? vase : [standIn, process.execPath, ...vase];
  const child = spawn(process.execPath, command, {
    cwd: tmpdir(),
    env: {
      PATH: options.path ?? process.env['PATH'],
      HOME: process.env['HOME'],
      VASE_ETCD: process.env['VASE_ETCD'],
      VASE_STATE: stateRoot,
    },
  });
  child.stdin.end();
  return ended(child);
}

const cloud = () => cloudFiles(join(stateRoot, 'stand-in'));
const changes = () =>
  readCommands(cloud())
    .map(({ program, args }) => [program, ...args].join(' '))
    .filter((line) =>
      / (create|enable|delete|update|push|add-iam-policy-binding|remove-iam-policy-binding)\b/.test(line),
    );

test('without gcloud, deploying says what to install', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'vase-empty-'));
  const { exitCode, stderr } = await run(['deploy-gke', ...where], { hasStandIn: false, path: empty });
  rmSync(empty, { recursive: true });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /vase: gcloud is not installed\n +Install the Google Cloud CLI \(https:\S+\), then `gcloud auth login`/,
  );
});

test('with a confirmation that is not the project, nothing is changed', async () => {
  const wrong = await run(['deploy-gke', ...where, ...size, '--confirm', 'my-projetc']);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(
    /CONFIRM must be the project's id, my-project, not "my-projetc"; nothing was changed/,
  );
  expect(changes()).toEqual([]);
});

test('a failure in the middle is told with its next step', async () => {
  writeJson(cloud().failures, [
    { match: 'clusters create', times: 1, stderr: "Quota 'CPUS' exceeded. Limit: 8.0" },
  ]);
  const { exitCode, stderr } = await run(['deploy-gke', ...where, ...size, ...toPublic, ...confirmed]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/for want of quota: Quota 'CPUS' exceeded[\s\S]*it continues/);
});

test('the next run goes on, proves that every shard serves over TLS, and that the public endpoint asks for the token', async () => {
  const before = changes();
  const { exitCode, stdout, stderr } = await run([
    'deploy-gke',
    ...where,
    ...size,
    ...toPublic,
    ...confirmed,
  ]);
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('Ready at https://127.20.0.1:5000 (1 shard of 1 member, 1 sharder)');
  expect(stderr).toContain('answers with the token alone');
  const since = changes().slice(before.length);
  expect(since.filter((line) => before.includes(line) && !line.includes('clusters create'))).toEqual([]);
  expect(since.map((line) => line.split(' ').slice(0, 4).join(' ')).slice(0, 1)).toEqual([
    'gcloud container clusters create',
  ]);
});

test('the certificates and the token are for the owner alone, and nowhere else', () => {
  const folder = join(stateRoot, 'gke');
  const keys = readdirSync(join(folder, 'certificates')).map((file) => join(folder, 'certificates', file));
  for (const file of [...keys, join(folder, 'token'), join(folder, 'kubeconfig')]) {
    expect(statSync(file).mode & 0o777, file).toBe(0o600);
  }
  const token = readFileSync(join(folder, 'token'), 'utf8');
  const said = [readFileSync(cloud().commands, 'utf8'), readFileSync(join(folder, 'cluster.json'), 'utf8')];
  for (const text of said) {
    expect(text).not.toContain(token);
    expect(text).not.toContain('PRIVATE KEY');
  }
});

test('again, nothing is made and nothing changes; the dry run agrees', async () => {
  const before = changes();
  const again = await run(['deploy-gke', ...where, ...size, ...toPublic, ...confirmed]);
  expect(again).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^Already up at https:.*nothing changed$/m),
  });
  const dry = await run(['deploy-gke', ...where, ...size, ...toPublic]);
  expect(dry.stdout).toMatch(/Kubernetes objects: 0 to create, 0 to change, [0-9]+ as they are/);
  const given = 'EXPOSE=public ALLOW=203.0.113.0/24 SHARDS=1 MEMBERS=1 SHARDERS=1 CONFIRM=my-project';
  expect(dry.stdout).toContain(`To do it: make deploy-gke PROJECT=my-project REGION=europe-west1 ${given}`);
  expect(dry.stdout).toContain(`VASE_STATE=${stateRoot}\n`);
  expect(changes()).toEqual(before);
});

test.each(['4', '2'])('SHARDS=%s for a cluster that has 1 is refused, confirmed or not', async (shards) => {
  const before = changes();
  for (const confirmation of [[], confirmed]) {
    const resized = [...toPublic, '--shards', shards, ...confirmation];
    const { exitCode, stderr } = await run(['deploy-gke', ...where, ...resized]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`deployed with 1 shard, and deploying cannot make them ${shards}`);
  }
  expect(changes()).toEqual(before);
});

test('a shard cannot be added, and why is true', async () => {
  const { exitCode, stderr } = await run(['shard', 'add']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('the view server of a cluster on GKE is reached from inside its network alone');
  expect(stderr).toContain('Shards cannot be added on GKE');
});

test('destroying takes the balancer first, then all else in reverse, and reports the disks that stay', async () => {
  const before = changes();
  const { exitCode, stdout, stderr } = await run(['destroy-gke', ...where, ...confirmed]);
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stderr).toMatch(/Take the load balancer away \([^)]+\): deleted/);
  expect(stdout).toContain('disk pvc-etcd-1-0: 10 GiB pd-ssd in europe-west1-b, data-etcd-1-0');
  expect(stdout).toContain(
    'gcloud compute disks delete pvc-etcd-1-0 --zone=europe-west1-b --project=my-project',
  );
  expect(changes().slice(before.length).at(0)).toContain('container clusters delete');
  expect(changes().at(-1)).toContain('networks delete');
  expect(readCloud(cloud()).there.filter((name) => !/^(api|local|pushed|binding) /.test(name))).toEqual([]);
  expect(readdirSync(stateRoot)).toEqual(['stand-in']);
});

test("every command was one that the test with gcloud's own parser knows", () => {
  const known = new Set(
    everyCommand(publicTarget, parseTopology({ shards: 1, members: 1, sharders: 1 })).map((args) =>
      args.join(' '),
    ),
  );
  const bare = (line: string) =>
    line.replace(/vase:[0-9a-f]{12}/, 'vase:0123456789ab').replace(/--max-(cpu|memory)=[0-9]+/g, '--max-$1');
  const shapes = new Set([...known].map(bare));
  const asked = readCommands(cloud()).filter(({ program }) => program === 'gcloud');
  expect(asked.length).toBeGreaterThan(50);
  expect(asked.map(({ args }) => bare(args.join(' '))).filter((line) => !shapes.has(line))).toEqual([]);
});
