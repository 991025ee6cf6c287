import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../../../cluster/errors.ts';
import { writeDeploymentFolder } from '../../../../cluster/manifests/deployment-folder.ts';

const file = (name: string, content = name) => ({ name, content, executable: name.endsWith('.sh') });

describe('the folder of a deployment', () => {
  let parent: string;
  let folder: string;

  beforeEach(async () => {
    parent = await mkdtemp(path.join(tmpdir(), 'vase-deployment-'));
    folder = path.join(parent, 'deployment_files');
  });

  afterEach(() => rm(parent, { recursive: true, force: true }));

  const write = (names: string[], force = false) =>
    writeDeploymentFolder(
      folder,
      names.map((name) => file(name)),
      { force },
    );
  const visible = async () => (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();

  test('is made, and the script in it can be run', async () => {
    await write(['1-a.yaml', 'deploy.sh']);
    expect(await visible()).toEqual(['1-a.yaml', 'deploy.sh']);
    expect((await stat(path.join(folder, 'deploy.sh'))).mode & 0o777).toBe(0o755);
    expect((await stat(path.join(folder, '1-a.yaml'))).mode & 0o777).toBe(0o644);
  });

  test('is written again where Vase made it: what is no longer there goes, what others put there stays', async () => {
    await write(['1-a.yaml', '2-b.yaml']);
    await writeFile(path.join(folder, 'notes.txt'), 'mine');
    await write(['1-a.yaml', '3-c.yaml']);
    expect(await visible()).toEqual(['1-a.yaml', '3-c.yaml', 'notes.txt']);
  });

  test('is left alone where it holds what Vase did not make', async () => {
    await mkdir(folder);
    await writeFile(path.join(folder, '1-a.yaml'), 'mine');
    await expect(write(['1-a.yaml'])).rejects.toThrow(UsageError);
    expect(await readFile(path.join(folder, '1-a.yaml'), 'utf8')).toBe('mine');
    await write(['1-a.yaml'], true);
    expect(await readFile(path.join(folder, '1-a.yaml'), 'utf8')).toBe('1-a.yaml');
  });

  test('that is a file is a usage error', async () => {
    await writeFile(folder, '');
    await expect(write(['1-a.yaml'])).rejects.toThrow(/is a file/);
  });

  test('cannot be led to delete elsewhere by a changed marker', async () => {
    await write(['1-a.yaml']);
    const victim = path.join(parent, 'victim.yaml');
    await writeFile(victim, '');
    await writeFile(path.join(folder, '.made-by-vase'), '../victim.yaml\n');
    await write(['1-a.yaml']);
    expect((await stat(victim)).isFile()).toBe(true);
  });
});
