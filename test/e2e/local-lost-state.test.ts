// A lost or damaged state file, exchanged folders, paths in another spelling: only `clean` deletes data, after it has said what
// they are, and no process keeps running on deleted data.
import { createInterface } from 'node:readline';
import { cpSync, existsSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ended, smallCluster, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeEach(async () => {
  vase = await makeCluster();
});

async function makeCluster(): Promise<VaseCommand> {
  const made = new VaseCommand();
  onTestFinished(() => made.remove());
  expect((await made.run(['up', ...smallCluster])).exitCode).toBe(0);
  expect((await made.run(['put', 'key', 'kept'])).exitCode).toBe(0);
  return made;
}

const stateFile = () => join(vase.stateRoot, 'cluster.json');
const stateCopy = () => join(vase.stateRoot, 'data', 'cluster.json');
const log = () => join(vase.stateRoot, 'data', 'etcd-1-0', 'member', 'wal');

/** `up`, interrupted as soon as members are about to be started. */
async function interruptedUp() {
  const child = vase.start(['up', ...smallCluster, '--json']);
  const end = ended(child);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as { event: string; step?: string };
    if (event.event === 'started' && /^(Start|Write)/.test(event.step ?? '')) child.kill('SIGINT');
  });
  return end;
}

test('without its state file a cluster goes on by the copy beside its data, even after an interrupted up', async () => {
  expect((await vase.run(['down'])).exitCode).toBe(0);
  rmSync(stateFile());
  expect((await vase.run(['status'])).stdout).toContain(`by the copy ${stateCopy()}`);
  expect((await interruptedUp()).stderr).toContain('interrupted by SIGINT');
  expect(existsSync(log())).toBe(true);
  rmSync(stateFile(), { force: true });
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(0);
  expect(up.stdout).toContain('made anew from its copy');
  expect((await vase.run(['get', 'key'])).stdout).toBe('kept');
  // Also while it runs: nothing is started a second time.
  const pids = async () =>
    (await vase.status()).shards.flatMap(({ members }) => members.map(({ pid }) => pid));
  const before = await pids();
  rmSync(stateFile());
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect(await pids()).toEqual(before);
  expect((await vase.run(['get', 'key'])).stdout).toBe('kept');
});

test('data of which nothing is known are named, and no up deletes them or starts another cluster over them', async () => {
  rmSync(stateFile());
  rmSync(stateCopy());
  const running = await vase.run(['up', ...smallCluster]);
  expect(running.exitCode).toBe(1);
  expect(running.stderr).toMatch(/holds etcd-1-0, \d+ process.* still run/);
  expect(vase.processes().length).toBeGreaterThan(0);
  const down = await vase.run(['down']);
  expect(down.exitCode).toBe(0);
  expect(vase.processes()).toEqual([]);
  const up = await interruptedUp();
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain('is gone');
  expect(up.stderr).toContain('etcd-1-0');
  expect(up.stderr).toContain('make clean');
  expect(existsSync(log())).toBe(true);
  const clean = await vase.run(['clean']);
  expect(clean.exitCode).toBe(0);
  expect(clean.stdout + clean.stderr).toMatch(
    /a cluster whose state file is gone: etcd-1-0 \(\d+\.\d MB on disk\)/,
  );
  expect(existsSync(vase.stateRoot)).toBe(false);
});

test('clean says whose data it deletes', async () => {
  const clean = await vase.run(['clean']);
  expect(clean.stdout + clean.stderr).toMatch(
    /cluster vase, 1 shard of 1 member in all: etcd-1-0 \(\d+\.\d MB on disk\)/,
  );
});

test('clean leaves alone what others have in the folder that holds the data', async () => {
  expect((await vase.run(['down'])).exitCode).toBe(0);
  const data = join(vase.stateRoot, 'data');
  const elsewhere = `${vase.stateRoot}-disk`;
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  renameSync(data, elsewhere);
  symlinkSync(elsewhere, data);
  writeFileSync(join(elsewhere, 'photograph'), 'dear');
  expect((await vase.run(['clean'])).exitCode).toBe(0);
  expect(readdirSync(elsewhere)).toEqual(['photograph']);
});

test('down and clean find what runs under whatever name of the folder', async () => {
  const name = join(vase.stateRoot, '..', 'link');
  symlinkSync(vase.stateRoot, name);
  const environment = { VASE_STATE: `${name}/./` };
  expect((await vase.run(['up'], { environment })).stdout).toContain('nothing changed');
  rmSync(stateFile());
  rmSync(stateCopy());
  expect((await vase.run(['down'], { environment })).exitCode).toBe(0);
  expect(vase.processes()).toEqual([]);
  expect(existsSync(log())).toBe(true);
});

test('what was started under another name of the folder is stopped before its data are deleted', async () => {
  const other = new VaseCommand();
  onTestFinished(() => other.remove());
  const name = join(other.stateRoot, '..', 'link');
  const environment = { VASE_STATE: `${name}//state/` };
  symlinkSync('.', name);
  expect((await other.run(['up', ...smallCluster], { environment })).exitCode).toBe(0);
  rmSync(join(other.stateRoot, 'cluster.json'));
  rmSync(join(other.stateRoot, 'data', 'cluster.json'));
  expect((await other.run(['clean'])).exitCode).toBe(0);
  expect(other.processes()).toEqual([]);
  expect(existsSync(other.stateRoot)).toBe(false);
});

test('a damaged state file keeps neither down nor clean from stopping what runs, and up says how to go on', async () => {
  writeFileSync(stateFile(), '{"format":');
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain(stateCopy());
  expect((await vase.run(['down'])).exitCode).toBe(0);
  expect(vase.processes()).toEqual([]);
  renameSync(stateFile(), `${stateFile()}.damaged`);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.run(['get', 'key'])).stdout).toBe('kept');
});

test('the folder of another cluster under the name of a member is refused, and stays', async () => {
  const other = await makeCluster();
  for (const each of [vase, other]) expect((await each.run(['down'])).exitCode).toBe(0);
  const own = join(vase.stateRoot, 'data', 'etcd-1-0');
  renameSync(own, `${own}.own`);
  cpSync(join(other.stateRoot, 'data', 'etcd-1-0'), own, { recursive: true });
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain('is not the folder of etcd-1-0: it holds the data of etcd-1-0 of cluster vase');
  expect(readdirSync(join(vase.stateRoot, 'data'))).toContain('etcd-1-0');
  rmSync(own, { recursive: true });
  renameSync(`${own}.own`, own);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.run(['get', 'key'])).stdout).toBe('kept');
});
