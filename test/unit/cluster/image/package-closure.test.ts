import { describe, expect, test } from 'vitest';
import { packageClosure, type LockFile } from '../../../../cluster/image/package-closure.ts';

const lock: LockFile = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0', dependencies: { b: '2', c: '1' } },
    'node_modules/a/node_modules/b': { version: '2.0.0', dependencies: { c: '1' } },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/c': {
      version: '1.0.0',
      // c and a need each other.
      dependencies: { a: '1' },
      peerDependencies: { p: '1', q: '1' },
      peerDependenciesMeta: { q: { optional: true } },
    },
    'node_modules/p': { version: '1.0.0' },
    'node_modules/q': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dev: true },
    'node_modules/native': { version: '1.0.0', os: ['linux'] },
    'node_modules/broken': { version: '1.0.0', dependencies: { missing: '1' } },
  },
};

describe('the packages of the image', () => {
  test('are those asked for and all that they need, each by the copy that Node would take', () => {
    expect([...packageClosure(lock, ['a']).keys()]).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/c',
      'node_modules/p',
    ]);
    expect([...packageClosure(lock, ['b']).keys()]).toEqual(['node_modules/b']);
  });

  test.each([
    ['tool', /tool is a development dependency/],
    ['native', /native is made for one kind of machine/],
    ['broken', /node_modules\/broken needs missing/],
    ['unknown', /the project needs unknown/],
  ])('cannot be %s', (name, message) => {
    expect(() => packageClosure(lock, [name])).toThrow(message);
  });
});
