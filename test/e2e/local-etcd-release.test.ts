// A cluster keeps the etcd that it was made with, whatever is on PATH later: an older one would panic on its data.
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest';
import { describeDataBugs, isSound } from '../../cluster/etcd/data-bugs.ts';
import { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import { findEtcds, type FoundEtcd } from '../support/etcd-releases.ts';
import { checkout, VaseCommand } from './vase-command.ts';

const found = [...findEtcds(process.env).values()];
const older = found[0];
const newer = found.at(-1);
const size = ['--shards', '1', '--members', '3', '--sharders', '1', '--port', '0'];
const poll = { timeout: 90_000 };

let vase: VaseCommand;
/** Has the same PATH as the commands. */
let provider: LocalProvider;
/** The newer etcd is in `newer`; `first`, which comes first on PATH, is empty until `putFirst`. */
let folders: { first: string; newer: string; tools: string };
/** Holds nothing else: the machine's own etcd is not on it. */
let path: string;

beforeEach((context: TestContext) => {
  if (older === undefined || newer === undefined || older === newer) {
    const reason = `the choice between two releases of etcd is NOT RUN: this machine has ${older?.version ?? 'none'} alone`;
    process.stderr.write(`${reason}\n`);
    return context.skip(reason);
  }
  vase = new VaseCommand();
  const root = join(vase.stateRoot, '..');
  folders = { first: join(root, 'first'), newer: join(root, 'newer'), tools: join(root, 'tools') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  copyFileSync(newer.path, join(folders.newer, 'etcd'));
  // A command needs only this on PATH: `doctor` asks a shell.
  symlinkSync('/bin/sh', join(folders.tools, 'sh'));
  path = `${folders.first}:${folders.newer}:${folders.tools}`;
  provider = new LocalProvider({
    checkout,
    stateRoot: vase.stateRoot,
    binaries: join(root, 'bin'),
    environment: { ...process.env, PATH: path, VASE_ETCD: '' },
    nodePath: process.execPath,
  });
  const own = { vase, provider };
  onTestFinished(async () => {
    await own.provider.close();
    await own.vase.remove();
  });
});

/** @param named what VASE_ETCD names. */
const run = (args: readonly string[], named = '') =>
  vase.run(args, {
    environment: { PATH: path, VASE_ETCD: named, VASE_BIN: join(vase.stateRoot, '..', 'bin') },
  });
const putFirst = (etcd: FoundEtcd) => {
  rmSync(join(folders.first, 'etcd'), { force: true });
  symlinkSync(etcd.path, join(folders.first, 'etcd'));
};
const putOlderFirst = () => putFirst(older!);
const members = async () => (await provider.status()).shards.flatMap((shard) => shard.members);
const versions = async () => (await members()).map(({ etcd }) => etcd?.version);
const pids = async () => (await members()).map(({ pid }) => pid);
const allNewer = [newer?.version, newer?.version, newer?.version];
const stateFile = () => join(vase.stateRoot, 'cluster.json');

async function makeCluster(): Promise<void> {
  expect(await run(['up', ...size], folders.newer)).toMatchObject({ exitCode: 0 });
  expect(await versions()).toEqual(allNewer);
  await run(['put', 'kept', 'here']);
}

async function expectWhole(): Promise<void> {
  await expect.poll(versions, poll).toEqual(allNewer);
  await expect.poll(async () => (await provider.status()).health, poll).toBe('ready');
  expect((await run(['get', 'kept'])).stdout).toBe('here');
}

test('the keeper, the nemesis and up start a member with the release of its cluster', async () => {
  await makeCluster();
  putOlderFirst();

  process.kill((await pids())[0]!, 'SIGKILL');
  await expect.poll(async () => (await members())[0]!.restarts.count, poll).toBe(1);
  await expectWhole();

  await provider.faults.kill('etcd-1-1');
  await provider.faults.restart('etcd-1-1');
  await expectWhole();

  await provider.faults.kill('etcd-1-2');
  const up = await run(['up']);
  expect(up.exitCode).toBe(0);
  expect(up.stderr).toContain(`${newer!.version} at ${folders.newer}/etcd`);
  await expectWhole();
  expect((await run(['down'])).exitCode).toBe(0);
  expect((await run(['up'])).exitCode).toBe(0);
  await expectWhole();

  const status = JSON.parse((await run(['status', '--json'])).stdout) as { etcd: unknown };
  expect(status.etcd).toEqual({ path: `${folders.newer}/etcd`, version: newer!.version });
  expect((await run(['status'])).stdout).toContain(
    `Members run etcd ${newer!.version} at ${folders.newer}/etcd.`,
  );
});

test('another release that is asked for is refused, and one that a new cluster would run is told of', async () => {
  await makeCluster();
  const isOlder = `etcd ${older!.version} at ${older!.path} is older, and an older release is never started on the data of a newer one`;
  const refused = { exitCode: 1, stderr: expect.stringContaining(isOlder) };
  const before = await pids();
  // In a cluster that is well, in one that is not, and in one that is down.
  expect(await run(['up'], older!.path)).toMatchObject(refused);
  await provider.faults.kill('etcd-1-2');
  expect(await run(['up'], older!.path)).toMatchObject(refused);
  expect(await pids()).toEqual([...before.slice(0, 2), null]);
  expect((await run(['doctor'], older!.path)).stdout).toContain(isOlder);
  expect((await run(['up'])).exitCode).toBe(0);
  await expectWhole();

  const sound = found.find((etcd) => etcd !== newer && isSound(etcd.version));
  if (sound !== undefined) {
    putFirst(sound);
    const goesOn = `The cluster runs etcd ${newer!.version} at ${folders.newer}/etcd and goes on with it: etcd ${sound.version} at ${folders.first}/etcd is older`;
    for (const command of ['up', 'doctor']) expect((await run([command])).stdout).toContain(goesOn);
    expect((await run(['etcd'])).stdout).toContain(`A new cluster runs etcd ${sound.version}`);
  }
  expect((await run(['down'])).exitCode).toBe(0);
  expect(await run(['up'], older!.path)).toMatchObject(refused);
  expect((await run(['clean'])).exitCode).toBe(0);
  expect((await run(['up', ...size], older!.path)).exitCode).toBe(0);
  expect(await versions()).toEqual([older!.version, older!.version, older!.version]);
});

test('what runs with known faults is named by up, status and doctor, running or stopped, with what to do', async () => {
  const faults = describeDataBugs(older!.version);
  const up = await run(['up', ...size], older!.path);
  const saying = (text: string) => {
    if (faults === null) expect(text).not.toContain('known faults');
    else expect(text).toMatch(/.* known faults: .*\n?.*`make clean`/);
  };
  expect(up.exitCode).toBe(0);
  for (const command of ['up', 'status', 'doctor']) saying((await run([command])).stdout);
  saying(up.stdout);
  const status = async () => JSON.parse((await run(['status', '--json'])).stdout) as { notes: string[] };
  const said = faults === null ? [] : [expect.stringContaining(`${faults} A cluster keeps its release`)];
  expect((await status()).notes).toEqual(said);
  expect((await run(['down'])).exitCode).toBe(0);
  expect((await status()).notes).toEqual(said);
});

test('a shard that the view server adds runs the release of the others', async () => {
  await makeCluster();
  putOlderFirst();
  expect((await run(['shard', 'add'])).exitCode).toBe(0);
  expect(await versions()).toEqual([...allNewer, ...allNewer]);
});

test('where that etcd is gone, the error says where it was, and nothing is started, stopped or changed', async () => {
  await makeCluster();
  putOlderFirst();
  renameSync(folders.newer, `${folders.newer}-elsewhere`);
  const gone = `the cluster runs etcd ${newer!.version}: it was at ${folders.newer}/etcd, and is not there any more; etcd ${older!.version} at ${folders.first}/etcd is older`;

  // No member has to be started with it.
  expect((await run(['up', '--sharders', '2'])).exitCode).toBe(0);
  const before = await pids();
  await expect(provider.faults.restart('etcd-1-1')).rejects.toThrow(gone);
  expect(await pids()).toEqual(before);

  await provider.faults.kill('etcd-1-0');
  const kept = JSON.parse(readFileSync(stateFile(), 'utf8')) as unknown;
  const up = await run(['up']);
  expect(up).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(gone) });
  expect(up.stderr).toMatch(/(Run `vase|Put) etcd \d/);
  expect(await pids()).toEqual([null, ...before.slice(1)]);
  expect(JSON.parse(readFileSync(stateFile(), 'utf8'))).toEqual(kept);
  expect(await run(['doctor'])).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(gone) });

  expect((await run(['down'])).exitCode).toBe(0);
  expect(await run(['up'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(gone) });
  expect(vase.processes()).toEqual([]);

  path = `${folders.first}:${folders.newer}-elsewhere:${folders.tools}`;
  expect((await run(['up'])).exitCode).toBe(0);
  await expectWhole();
  expect((await provider.status()).etcd?.path).toBe(`${folders.newer}-elsewhere/etcd`);
});

interface KeptState {
  etcd?: unknown;
  keeper: { settings: string };
  viewServers: { settings: string }[];
}

function changeState(change: (state: KeptState) => KeptState): void {
  const state = JSON.parse(readFileSync(stateFile(), 'utf8')) as KeptState;
  writeFileSync(stateFile(), JSON.stringify(change(state)));
}

/** The state as a version of Vase wrote it that did not record the etcd. */
function forgetEtcd(): void {
  changeState(({ etcd: _etcd, ...state }) => {
    for (const owner of [state.keeper, ...state.viewServers]) {
      const { stateVersion: _1, VASE_STATE_VERSION: _2, ...settings } = JSON.parse(owner.settings);
      owner.settings = JSON.stringify(settings);
    }
    return state;
  });
}

async function expectNotStarted(why: string): Promise<void> {
  expect(await run(['up'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(why) });
  expect(vase.processes()).toEqual([]);
}

async function pidsOfServants(): Promise<unknown[]> {
  return [await vase.keeperPid(), ...(await provider.status()).viewServers.map(({ pid }) => pid)];
}

test('of a cluster of before it was recorded, the running members tell, or their logs', async () => {
  await makeCluster();
  putOlderFirst();
  forgetEtcd();
  const all = path;
  // Now only the member's process shows where its program is.
  path = `${folders.first}:${folders.tools}`;
  const before = await pidsOfServants();
  expect((await run(['up'])).exitCode).toBe(0);
  path = all;
  // Older processes would drop the fields that they do not know whenever they write the state.
  for (const [index, pid] of (await pidsOfServants()).entries()) expect(pid).not.toBe(before[index]);
  expect((await provider.status()).etcd).toEqual({ path: `${folders.newer}/etcd`, version: newer!.version });

  await provider.faults.kill('etcd-1-0');
  forgetEtcd();
  await provider.faults.restart('etcd-1-0');
  await expectWhole();

  expect((await run(['down'])).exitCode).toBe(0);
  forgetEtcd();
  expect((await run(['up'])).exitCode).toBe(0);
  await expectWhole();

  // Without a log, the data themselves show the release.
  expect((await run(['down'])).exitCode).toBe(0);
  forgetEtcd();
  rmSync(join(vase.stateRoot, 'logs'), { recursive: true });
  expect((await run(['up'])).exitCode).toBe(0);
  await expectWhole();

  expect((await run(['down'])).exitCode).toBe(0);
  forgetEtcd();
  renameSync(folders.newer, `${folders.newer}-elsewhere`);
  await expectNotStarted(`the cluster runs etcd ${newer!.version}: no etcd of this release is on PATH`);
  rmSync(join(vase.stateRoot, 'logs'), { recursive: true });
  await expectNotStarted(`the cluster runs etcd ${newer!.release}: no etcd of this release is on PATH`);

  // A state that names another release does not change that.
  renameSync(`${folders.newer}-elsewhere`, folders.newer);
  changeState((state) => ({ ...state, etcd: { path: `${folders.first}/etcd`, version: older!.version } }));
  await expectNotStarted(`the data are of etcd ${newer!.release}, and etcd ${older!.version} at`);
  forgetEtcd();
  expect((await run(['up'])).exitCode).toBe(0);
  await expectWhole();
});
