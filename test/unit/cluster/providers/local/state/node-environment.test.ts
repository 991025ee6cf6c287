// What a cluster's processes get of the user's environment, and where those of Node.js find their modules compiled.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  nodeEnvironment,
  processEnvironment,
} from '../../../../../../cluster/providers/local/state/local-context.ts';

const settingsIn = (checkout: string) => ({
  checkout,
  stateRoot: join(checkout, 'state'),
  binaries: join(checkout, 'bin'),
  environment: { PATH: '/bin', HOME: '/home/a', ETCD_NAME: 'stray', NODE_OPTIONS: '--no-warnings' },
  nodePath: process.execPath,
});

test('they get what they need and nothing else', () => {
  const settings = settingsIn('/checkout');
  const { ETCD_UNSUPPORTED_ARCH: _arm, ...ofAll } = processEnvironment(settings);
  expect(ofAll).toEqual({ PATH: '/bin', HOME: '/home/a' });
  const { ETCD_UNSUPPORTED_ARCH: _same, ...ofNode } = nodeEnvironment(settings);
  expect(ofNode).toEqual({ ...ofAll, NODE_COMPILE_CACHE: '/checkout/node_modules/.cache/compiled' });
});

test('a process of Node.js leaves what it compiled in the checkout for the next one', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'vase-compiled-'));
  onTestFinished(() => rmSync(checkout, { recursive: true }));
  const main = join(checkout, 'main.ts');
  writeFileSync(main, 'const pid: number = process.pid;\nconsole.log(pid > 0);\n');
  mkdirSync(join(checkout, 'node_modules'));
  const env = nodeEnvironment(settingsIn(checkout));
  const { stdout } = spawnSync(process.execPath, [main], { env, encoding: 'utf8' });
  expect(stdout).toBe('true\n');
  const compiled = readdirSync(join(checkout, 'node_modules', '.cache', 'compiled'), { recursive: true });
  expect(compiled.length).toBeGreaterThan(1);
});
