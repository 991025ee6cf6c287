// The faults that keep a kind cluster from being made: each has one message and a next step, and leaves nothing behind. Docker
// and kind are stand-ins where the real fault cannot be made here: small programs on PATH that record their command lines.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { kindFolder } from '../../cluster/providers/kind/kind-folder.ts';
import { hashConfiguration, writeKindState } from '../../cluster/providers/kind/kind-state.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { ended, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
/** The only folder on PATH. */
let folder: string;
beforeEach(() => {
  vase = new VaseCommand();
  folder = mkdtempSync(join(tmpdir(), 'vase-stand-ins-'));
  // The stand-ins themselves need these.
  for (const tool of ['sh', 'cat', 'sleep', 'ss', 'touch', 'mkdir']) {
    const path = ['/usr/bin', '/bin']
      .map((place) => join(place, tool))
      .find((candidate) => existsSync(candidate));
    if (path !== undefined) symlinkSync(path, join(folder, tool));
  }
  symlinkSync(process.execPath, join(folder, 'node'));
});
afterEach(async () => {
  await vase.remove();
  rmSync(folder, { recursive: true, force: true });
});

const kind = (more: Record<string, string> = {}) => ({ PATH: folder, VASE_PROVIDER: 'kind', ...more });
const upOnKind = (more?: Record<string, string>, ...args: string[]) =>
  vase.run(['up', '--port', '0', ...args], { environment: kind(more) });

/** @param script of sh; "$*" is the program's command line. */
function standIn(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >>${folder}/asked\n${script}\n`, {
    mode: 0o755,
  });
}

const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trimEnd().split('\n');

/** A Docker that has every image, and the nodes of a cluster that the file `nodes` lists. */
function workingDocker(rootFolder = '/'): void {
  standIn(
    'docker',
    `case "$*" in
  version*) echo 28.0.0 ;;
  info*) printf '2\\t${rootFolder}\\n' ;;
  "image inspect"*) echo sha256:1 ;;
  ps*) if [ -e ${folder}/nodes ]; then cat ${folder}/nodes; fi ;;
  *) exit 1 ;;
esac`,
  );
}

function expectNothing(): void {
  expect(existsSync(join(vase.stateRoot, 'kind'))).toBe(false);
}

test('no Docker: says how to get it, or how to do without', async () => {
  const { exitCode, stderr } = await upOnKind();
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('docker is not installed'),
  });
  expect(stderr).toContain('PROVIDER=local');
  expectNothing();
});

test('a Docker that does not answer: names DOCKER_HOST where it is set', async () => {
  standIn('docker', 'echo "Cannot connect to the Docker daemon at $DOCKER_HOST." >&2; exit 1');
  const { exitCode, stderr } = await upOnKind({ DOCKER_HOST: 'tcp://127.0.0.1:1' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Docker does not answer at DOCKER_HOST=tcp://127.0.0.1:1');
  expect(stderr).toContain('unset DOCKER_HOST');
  expectNothing();
});

test('no kind: says how to get it', async () => {
  workingDocker();
  const { exitCode, stderr } = await upOnKind();
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('kind is not installed'),
  });
  expectNothing();
});

test('a taken port: names it and its holder before anything is made', async () => {
  workingDocker();
  standIn('kind', 'echo 0.27.0');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { exitCode, stderr } = await upOnKind({}, '--port', String(port));
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`port ${port} is taken by`),
  });
  expect(stderr).toContain('PORT=5001');
  expect(asked().some((line) => line.includes('create'))).toBe(false);
  expectNothing();
});

test.runIf(process.platform === 'linux')(
  'too little disk: says how much there is and how to get more',
  async () => {
    // A folder of the kernel: its file system has no room at all.
    workingDocker('/proc');
    standIn('kind', 'echo 0.27.0');
    const { exitCode, stderr } = await upOnKind();
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('only 0.0 GiB free'),
    });
    expect(stderr).toContain('docker system prune');
    expectNothing();
  },
);

test('a missing image: named with the variable, before anything is made', async () => {
  standIn(
    'docker',
    `case "$*" in
  version*) echo 28.0.0 ;;
  info*) printf '2\\t/\\n' ;;
  *) echo "manifest unknown" >&2; exit 1 ;;
esac`,
  );
  standIn('kind', 'echo 0.27.0');
  const { exitCode, stderr } = await upOnKind({ VASE_NODE_IMAGE: 'kindest/node:v0' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('the image kindest/node:v0 is not here and cannot be pulled: manifest unknown');
  expect(stderr).toContain('VASE_NODE_IMAGE');
  expectNothing();
});

test('Ctrl-C while the nodes are made: the next up deletes what is left of them and begins again', async () => {
  workingDocker();
  const create = `case "$*" in
  version*) echo 0.27.0 ;;
  "create"*) cat >/dev/null; printf 'vase-control-plane\\trunning\\n' >${folder}/nodes; touch ${folder}/creating; exec sleep 60 ;;
esac`;
  standIn('kind', create);
  const environment = kind({ VASE_IMAGE: 'vase:test' });
  const child = vase.start(['up', '--port', '0'], environment);
  const end = ended(child);
  await expect.poll(() => existsSync(join(folder, 'creating')), { timeout: 120_000 }).toBe(true);
  child.kill('SIGINT');
  expect(await end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('interrupted by SIGINT') });
  const status = await vase.run(['status'], { environment });
  expect(status.stdout + status.stderr).toContain('make up');
  // This time the stand-in's creation fails, which ends the command after the part under test.
  standIn('kind', 'case "$*" in version*) echo 0.27.0 ;; create*) echo "ERROR: no more" >&2; exit 1 ;; esac');
  const again = await vase.run(['up'], { environment });
  expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ERROR: no more') });
  const calls = asked().filter((line) => /^kind (create|delete)/.test(line));
  expect(calls.map((line) => line.split(' ')[1])).toEqual(['create', 'delete', 'create']);
});

test('a cluster of the name that was not made from here is left alone', async () => {
  workingDocker();
  standIn('kind', 'echo 0.27.0');
  writeFileSync(join(folder, 'nodes'), 'vase-control-plane\trunning\n');
  const { exitCode, stderr } = await upOnKind({ VASE_IMAGE: 'vase:test' });
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('was not made from'),
  });
  expect(asked().some((line) => line.startsWith('kind delete'))).toBe(false);
  expectNothing();
});

/** A cluster that was made from the state folder, and nodes of its name with the label `labelled`, or its own label. */
function makeKnown(labelled?: string): void {
  const images = { node: 'node:test', etcd: 'etcd:test', base: 'base:test', vase: 'vase:test' };
  const configuration = {
    profile: 'small' as const,
    nodeImage: images.node,
    httpPort: 20_001,
    viewPort: 20_002,
    id: 'one',
  };
  const topology = parseTopology({ images });
  const configurationHash = hashConfiguration(topology.name, configuration);
  const state = { topology, configuration, configurationHash, image: 'vase:test', sharders: 2 };
  writeKindState(kindFolder(vase.stateRoot), { format: 1, phase: 'ready', ...state });
  const label = `vase/configuration=${labelled ?? configurationHash}`;
  workingDocker();
  const docker = readFileSync(join(folder, 'docker'), 'utf8');
  const copy = `  "cp vase-control-plane:"*) echo 'node-labels: "${label}"' ;;\n  *) exit 1`;
  writeFileSync(join(folder, 'docker'), docker.replace('  *) exit 1', copy));
  standIn('kind', `case "$*" in delete*) : >${folder}/nodes ;; *) echo 0.27.0 ;; esac`);
  writeFileSync(join(folder, 'nodes'), 'vase-control-plane\trunning\n');
}

test('a cluster of the name that another folder made after ours was gone is neither taken nor deleted', async () => {
  makeKnown('0123456789ab');
  const up = await upOnKind();
  expect(up).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('was not made from') });
  const down = await vase.run(['down'], { environment: kind() });
  expect(down).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('and stays') });
  expect(asked().some((line) => line.startsWith('kind delete'))).toBe(false);
  expectNothing();
});

test.each(['down', 'clean'])('`%s` deletes its own cluster and says what stays', async (command) => {
  makeKnown();
  const { exitCode, stdout, stderr } = await vase.run([command], { environment: kind() });
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('`docker image rm vase:test` deletes it'),
  });
  expect(stdout).toContain('in Docker');
  expect(asked().filter((line) => line.startsWith('kind delete'))).toHaveLength(1);
  expectNothing();
});

test('an unknown provider is a wrong use; a folder with a cluster of another kind is refused', async () => {
  const wrong = await vase.run(['status'], { environment: { VASE_PROVIDER: 'cloud' } });
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('local, kind') });
  const file = join(vase.stateRoot, 'cluster.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '{}');
  const refused = await upOnKind();
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('cluster of provider local'),
  });
  rmSync(file);
});

test('without Docker and without a word, up takes local processes and says why', async () => {
  const environment = { PATH: folder, VASE_PROVIDER: '' };
  // No etcd is on this PATH and nothing may be fetched: only the choice is under test.
  const { stderr } = await vase.run(['up', '--port', '0', '--json', '--shards', '0'], { environment });
  expect(stderr).toContain('shards: must be');
  const child = vase.start(
    ['up', '--port', '0', '--shards', '1', '--members', '1', '--sharders', '1'],
    environment,
  );
  const end = ended(child);
  let text = '';
  child.stderr!.on('data', (piece: Buffer) => (text += piece.toString()));
  await expect
    .poll(() => text, { timeout: 120_000 })
    .toContain('local processes; not in kind, because docker is not installed');
  child.kill('SIGINT');
  await end;
});
