// One shard in kind that grows from one member to three and shrinks again, under load, with commands that are cut short.
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveRecorder } from '../../scripts/live/live-recorder.ts';
import { ended } from '../e2e/vase-command.ts';
import { KindCommand, report, whyNoKind } from './kind-machine.ts';
import { renewClaim } from './lost-volume.ts';
import { expectWell, underLoad } from './under-load.ts';

/** A cluster of its own takes minutes: CI's short form leaves it out. */
const reason = process.env['VASE_KIND_SHORT'] === '1' ? 'short form' : await whyNoKind();
const cutMsMax = 120_000;

let vase: KindCommand;
let endpoint: string;
let size: string[];

beforeAll(async () => {
  const port = await getPort();
  vase = new KindCommand(`vase-members-${process.pid}`);
  endpoint = `http://127.0.0.1:${port}`;
  const file = join(vase.root, 'topology.yaml');
  // A disk is given to a member by `up`, and this is about what else `up` finds to do.
  writeFileSync(file, JSON.stringify({ name: vase.name, ssd: 'off' }));
  size = ['--shards', '1', '--sharders', '1', '--port', String(port), '--topology', file];
});
afterAll(async () => {
  if (reason === null) await vase.remove();
});

async function run(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await vase.run(args);
  expect(exitCode, `${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
  return stdout;
}

const up = (...args: string[]) => run('up', ...size, ...args);

/** Ends the command as soon as it says this. */
async function cutShort(args: readonly string[], at: string): Promise<void> {
  const child = vase.start(args);
  child.stdin!.end();
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (said += String(text)));
  const end = ended(child);
  await expect.poll(() => said, { timeout: cutMsMax, interval: 20 }).toContain(at);
  child.kill('SIGKILL');
  await end;
}

async function members(): Promise<{ name: string; role: string | null }[]> {
  const { members: list } = JSON.parse(await run('member', 'list', '--json')) as {
    members: { name: string; role: string | null }[];
  };
  return list.map(({ name, role }) => ({ name, role }));
}

async function viewed(): Promise<string[]> {
  const { shards } = JSON.parse(await run('view', '--json')) as { shards: { endpoints: string[] }[] };
  return shards[0]!.endpoints.map((host) => host.split('.', 1)[0]!);
}

/** Of what must not start anew: its pods, by their ids. */
async function uidsOf(...names: string[]): Promise<string[]> {
  const pods = await vase.kubectl(
    'get',
    'pods',
    '--output',
    'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}',
  );
  return pods.split('\n').filter((line) => names.some((name) => line.startsWith(name)));
}

async function expectLoadToSurvive(what: string, seed: number, body: () => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  const newRecorder = (path: string) => new LiveRecorder(path);
  const result = await underLoad({ endpoint, shards: 1, seed, newRecorder }, body);
  expectWell(result);
  report(`${what} (${JSON.stringify(result.counts)})`, performance.now() - startedMs);
}

describe.skipIf(reason !== null)(`members in kind${reason === null ? '' : ` (${reason})`}`, () => {
  test('a shard grows from one member to three under load, and `up` goes on where an addition was cut short', async () => {
    await up('--members', '1');
    const others = ['etcd-1-0', 'sharder', 'view-server'];
    const before = await uidsOf(...others);
    expect(before).toHaveLength(3);
    await expectLoadToSurvive('one member to three', 1, async () => {
      await cutShort(['member', 'add'], 'starting etcd-1-1 on a new volume');
      const status = await vase.run(['status']);
      expect(status.stdout).toContain('etcd-1-1 has no vote in its shard yet');
      expect(await viewed()).toEqual(['etcd-1-0']);
      await up();
      expect(await viewed()).toEqual(['etcd-1-0', 'etcd-1-1']);
      expect(await run('member', 'add', 'etcd-1')).toContain(
        'etcd-1-2 is a member of etcd-1, which has 3 members now. It bears the loss of 1.',
      );
    });
    const roles = (await members()).map(({ role }) => role ?? 'none');
    expect(roles.toSorted((a, b) => a.localeCompare(b))).toEqual(['follower', 'follower', 'leader']);
    expect(await viewed()).toEqual(['etcd-1-0', 'etcd-1-1', 'etcd-1-2']);
    expect(await uidsOf(...others)).toEqual(before);
    expect(await up()).toContain('(1 shard of 3 members, 1 sharder); nothing changed');
    expect(await up('--members', '3')).toContain('nothing changed');
    const refused = await vase.run(['up', ...size, '--members', '1']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('vase member remove etcd-1-2'),
    });
  }, 900_000);

  test('`up --replace` puts a new member in the place of one whose volume is lost, and only when it is told to', async () => {
    await expectLoadToSurvive('a volume lost and its member replaced by `up`', 2, async () => {
      const { leader } = (await vase.provider.status()).shards[0]!;
      await renewClaim(vase, leader!);
      const left = await vase.run(['up', ...size]);
      expect(left.exitCode, left.stderr).toBe(3);
      expect(left.stdout).toContain(`Type: vase member replace ${leader}`);
      await up('--replace');
      expect(await up('--replace')).toContain('nothing changed');
    });
  }, 600_000);

  test('a shard shrinks from three members to one under load, from the end', async () => {
    const refused = await vase.run(['member', 'remove', 'etcd-1-0']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('etcd-1-2 is the one that can leave'),
    });
    await expectLoadToSurvive('three members to one', 3, async () => {
      await cutShort(['member', 'remove', 'etcd-1-2'], 'removing etcd-1-2');
      expect(await run('member', 'remove', 'etcd-1-2')).toContain(
        'etcd-1-2 has left etcd-1, which has 2 members now.',
      );
      expect(await run('member', 'remove', 'etcd-1-1')).toContain('which has 1 member now.');
    });
    expect(await members()).toEqual([{ name: 'etcd-1-0', role: 'leader' }]);
    expect(await viewed()).toEqual(['etcd-1-0']);
    const claims = await vase.kubectl('get', 'persistentvolumeclaims', '--output', 'name');
    expect(claims.trim()).toBe('persistentvolumeclaim/data-etcd-1-0');
    expect(await run('member', 'remove', 'etcd-1-1')).toContain('nothing is removed');
    const last = await vase.run(['member', 'remove', 'etcd-1-0']);
    expect(last).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('only member') });
    expect(await up()).toContain('(1 shard of 1 member, 1 sharder); nothing changed');
  }, 900_000);
});
