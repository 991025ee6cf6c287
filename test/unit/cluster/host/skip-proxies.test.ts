import { expect, test } from 'vitest';
import { skipProxies } from '../../../../cluster/host/skip-proxies.ts';

test.each([
  [{}, '127.0.0.1,localhost,[::1]'],
  [{ NO_PROXY: '.corp, 10.0.0.1' }, '.corp,10.0.0.1,127.0.0.1,localhost,[::1]'],
  [{ no_proxy: 'localhost', NO_PROXY: '.corp' }, 'localhost,127.0.0.1,[::1]'],
  [{ NO_PROXY: '*' }, '*'],
])('of %o, what was excepted stays so, and this machine is added', (given, expected) => {
  const environment: NodeJS.ProcessEnv = { ...given };
  skipProxies('this machine', environment);
  expect(environment).toEqual({ no_proxy: expected, NO_PROXY: expected });
});

test('all are excepted by a star that stands alone', () => {
  const environment: NodeJS.ProcessEnv = { NO_PROXY: '.corp' };
  skipProxies('all', environment);
  expect(environment).toEqual({ no_proxy: '*', NO_PROXY: '*' });
});
