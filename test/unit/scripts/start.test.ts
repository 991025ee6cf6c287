// What a command that is to answer at once loads. Modules are counted, for times are noisy: `make bench-start` measures those.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCacheOf } from '../../../cluster/host/compile-cache.ts';
import { KnownStore } from '../../support/known-store.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const preload = join(checkout, 'test', 'support', 'count-modules.ts');
/** Strips types, and is the second client of HTTP that `fetch` uses: each takes as long to load as Node.js to start. */
const heavyBuiltins = /internal\/deps\/(amaro|undici)/;

let store: KnownStore;
beforeAll(async () => {
  store = await KnownStore.start('hello');
});
afterAll(() => store.stop());

/** As in the second run: the first one compiles. */
async function loaded(args: readonly string[], node: readonly string[] = ['--import', preload]) {
  const run = () =>
    promisify(execFile)(process.execPath, [...node, 'scripts/vase.js', ...args], {
      cwd: checkout,
      env: { ...store.environment, NODE_COMPILE_CACHE: compileCacheOf(checkout) },
    });
  await run();
  const { stdout, stderr } = await run();
  const told = /^modules: (.*)$/m.exec(stderr)![1]!;
  const { files, builtins } = JSON.parse(told) as { files: string[]; builtins: string[] };
  const names = files.map((file) => file.slice(file.indexOf(checkout) + checkout.length + 1));
  return { stdout, files: names.filter((name) => name !== 'test/support/count-modules.ts'), builtins };
}

test.each([
  { args: ['--help'], says: 'Usage: vase', most: 5 },
  { args: ['get', '--help'], says: 'Usage: vase get', most: 25 },
  { args: ['get', 'greeting'], says: 'hello', most: 25 },
  { args: ['put', 'greeting', 'hello'], says: 'version 7 on etcd-1', most: 25 },
])('vase $args loads $most files of ours at most, and nothing heavy', async ({ args, says, most }) => {
  const { stdout, files, builtins } = await loaded(args);
  expect(stdout).toContain(says);
  const packages = files.filter((file) => file.startsWith('node_modules/'));
  expect(packages.filter((file) => !file.startsWith('node_modules/commander/'))).toEqual([]);
  expect(files.length - packages.length).toBeLessThanOrEqual(most);
  expect(builtins.filter((name) => heavyBuiltins.test(name))).toEqual([]);
});

test('what is heavy would be seen', async () => {
  const { files, builtins } = await loaded(
    ['predict', '--help'],
    ['--import', preload, '--import', 'data:text/javascript,fetch("data:,")'],
  );
  expect(files.filter((file) => file.startsWith('node_modules/zod/'))).not.toEqual([]);
  expect(builtins.some((name) => heavyBuiltins.test(name))).toBe(true);
});

test('the door and the processes of a cluster read compiled modules from the same place', () => {
  const door = readFileSync(join(checkout, 'scripts', 'vase.js'), 'utf8');
  const [, path] = /enableCompileCache\(join\(import\.meta\.dirname, '\.\.', (.*)\)\)/.exec(door)!;
  const parts = path!.split(', ').map((part) => part.slice(1, -1));
  expect(join(checkout, ...parts)).toBe(compileCacheOf(checkout));
});
