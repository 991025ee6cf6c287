import { expect, test } from 'vitest';
import { readConfig } from '../../../sharder/config.ts';

const home = { VASE_HOME: '127.0.0.1:2379,127.0.0.1:22379' };

test('what is left out has its default', () => {
  expect(readConfig(home)).toMatchObject({
    host: '127.0.0.1',
    port: 5000,
    adminPort: null,
    ownPort: null,
    hosts: [],
    reusePort: false,
    tls: null,
  });
});

test('shards with copies of the view are separated by semicolons, and there may be none', () => {
  expect(readConfig({ ...home, VASE_MIRRORS: 'a:1,b:1;c:1' }).mirrors).toEqual([['a:1', 'b:1'], ['c:1']]);
  expect(readConfig({ ...home, VASE_MIRRORS: '' }).mirrors).toEqual([]);
});

test('a transaction stays ten operations below --max-txn-ops, for the comparisons of a conditional write', () => {
  expect(readConfig({ ...home, VASE_MAX_TXN_OPS: '200' }).limits.batchOperationsMax).toBe(190);
});

test.each([
  [{}, 'VASE_HOME'],
  [{ VASE_HOME: 'nowhere' }, 'VASE_HOME'],
  [{ ...home, VASE_MIRRORS: 'a:1;;b:1' }, 'VASE_MIRRORS'],
  [{ ...home, VASE_PORT: '70000' }, 'VASE_PORT'],
  [{ ...home, VASE_PORT: '0x10' }, 'VASE_PORT'],
  [{ ...home, VASE_MAX_TXN_OPS: '1' }, 'VASE_MAX_TXN_OPS'],
  [{ ...home, VASE_HOSTS: 'store.example,*' }, 'VASE_HOSTS'],
  [{ ...home, VASE_TLS_CA: '/ca.pem' }, 'VASE_TLS_CERT'],
  [{ ...home, VASE_TLS_CA: '/no', VASE_TLS_CERT: '/no', VASE_TLS_KEY: '/no' }, 'cannot be read'],
])('%j is refused with a sentence that names %s', (environment, named) => {
  expect(() => readConfig(environment)).toThrow(named);
});
