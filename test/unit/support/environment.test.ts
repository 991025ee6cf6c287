// `make test` is started from a terminal, from another make, in CI, behind a proxy, by people of every country.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { environmentOfTests } from '../../support/environment.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');

/** Each changes what some program that the tests start does or prints. */
const startedOtherwise = {
  MAKEFLAGS: 'w',
  MAKELEVEL: '1',
  MFLAGS: '-w',
  CI: 'true',
  FORCE_COLOR: '1',
  NODE_OPTIONS: '--max-http-header-size=9000',
  NODE_USE_ENV_PROXY: '1',
  http_proxy: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  ALL_PROXY: 'http://127.0.0.1:9',
  grpc_proxy: 'http://127.0.0.1:9',
  LANG: 'de_DE.UTF-8',
  LC_ALL: 'POSIX',
  LANGUAGE: 'de',
  TZ: 'Asia/Kathmandu',
  GIT_DIR: '/nowhere',
  CDPATH: '/',
  CONFIRM: 'my-project',
  VASE_STATE: '/nowhere/state',
  VASE_PROVIDER: 'kind',
  VASE_PORT: '1',
  VASE_SHARDS: '7',
  VASE_TOPOLOGY: '/nowhere/topology.yaml',
  VASE_ENDPOINT: 'http://127.0.0.1:9',
  NODE_ENV: 'production',
};

test('what is not of the machine or of the tests is taken away', () => {
  const ofTheMachine = { PATH: '/bin', HOME: '/home/a', DOCKER_HOST: 'unix:///run/docker.sock' };
  const ofTheTests = {
    SEED: '1',
    VASE_TEST_SET: 'quick',
    CHROME_PATH: '/opt/chrome',
    VASE_NODE_IMAGE: 'kindest/node:v1',
    VASE_ETCD_RELEASES: '/a',
    VASE_ETCD: '/b',
    VASE_BIN: '/c',
  };
  const fixed = { LANG: 'C.UTF-8', TZ: 'UTC', NODE_ENV: 'test' };
  expect(environmentOfTests({ ...startedOtherwise, ...ofTheMachine, ...ofTheTests })).toEqual({
    ...ofTheMachine,
    ...ofTheTests,
    ...fixed,
  });
});

test('the tests run in that environment', () => {
  const names = Object.keys(process.env).filter((name) => name in startedOtherwise);
  expect(names.toSorted()).toEqual(['LANG', 'NODE_ENV', 'TZ']);
  expect(new Date(0).getTimezoneOffset()).toBe(0);
  const folder = mkdtempSync(join(tmpdir(), 'vase-umask-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  expect(statSync(join(folder, 'file')).mode & 0o777).toBe(0o644);
});

test('tests that start make, git, node and servers pass however they are started', () => {
  const files = [
    'test/unit/scripts/terminal/gke-text.test.ts',
    'test/unit/cluster/providers/serving-probe.test.ts',
    'test/unit/cluster/manifests/generate-command.test.ts',
    'test/unit/support/environment.test.ts',
  ];
  const vitest = join(checkout, 'node_modules', 'vitest', 'vitest.mjs');
  const command = [
    vitest,
    'run',
    '--project',
    'unit',
    '--testNamePattern',
    '^(?!.*however they are started)',
  ];
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...startedOtherwise };
  // As with `umask 077`, from the strictest of users.
  const strict = ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, ...command, ...files];
  const { status, stdout, stderr } = spawnSync('sh', strict, { cwd: checkout, env, encoding: 'utf8' });
  expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
  expect(existsSync('/nowhere')).toBe(false);
}, 300_000);
