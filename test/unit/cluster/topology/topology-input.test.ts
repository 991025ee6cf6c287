import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  mergeTopologies,
  numberOrText,
  readTopologyFile,
  topologyFromEnvironment,
} from '../../../../cluster/topology/topology-input.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vase-topology-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(text: string): string {
  const path = join(folder, 'topology.yaml');
  writeFileSync(path, text);
  return path;
}

test('the later source wins field by field, nested fields too', () => {
  const merged = mergeTopologies(
    { shards: 3, etcd: { heartbeatMs: 50, quota: '1Gi' } },
    { shards: undefined, etcd: { quota: '4Gi' } },
    { sharders: 7 },
  );
  expect(merged).toEqual({ shards: 3, sharders: 7, etcd: { heartbeatMs: 50, quota: '4Gi' } });
});

test('a source that says nothing changes nothing', () => {
  expect(mergeTopologies(null, { members: 1 }, {}, undefined)).toEqual({ members: 1 });
});

test('a file gives the fields that it has', () => {
  expect(readTopologyFile(fileWith('shards: 5\netcd:\n  quota: 64Mi\n'))).toEqual({
    shards: 5,
    etcd: { quota: '64Mi' },
  });
  expect(readTopologyFile(fileWith('# nothing\n'))).toEqual({});
});

test.each([
  ['- 1\n- 2\n', 'must be a mapping'],
  ['shards: [1\n', 'topology file'],
])('a file that is no mapping is refused with its name: %j', (text, reason) => {
  const path = fileWith(text);
  expect(() => readTopologyFile(path)).toThrow(reason);
  expect(() => readTopologyFile(path)).toThrow(path);
});

test('a file that is not there is a usage error', () => {
  expect(() => readTopologyFile(join(folder, 'none.yaml'))).toThrow(/^topology file .*none.yaml: ENOENT/);
});

test('environment variables set fields; empty ones do not', () => {
  const topology = topologyFromEnvironment({ VASE_SHARDS: '2', VASE_PORT: '0', VASE_MEMBERS: '' });
  expect(mergeTopologies(topology)).toEqual({ shards: 2, ports: { http: 0 }, images: {} });
});

test('text that is no number reaches the check, which names the field', () => {
  expect(numberOrText('12')).toBe(12);
  expect(() => parseTopology({ shards: numberOrText('many') })).toThrow(
    'shards: must be a whole number from 1 to 64',
  );
  expect(() => parseTopology({ shards: numberOrText('1.5') })).toThrow(
    'shards: must be a whole number from 1 to 64',
  );
});
