// The probe against a small store over HTTP whose faults are chosen per test.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { slotOf } from '../../../../sharder/core/slot.ts';
import { hashText } from '../../../../sharder/hash.ts';
import { proveServing } from '../../../../cluster/providers/serving-probe.ts';

interface Faults {
  /** Shards that no key is routed to. */
  unreachable?: string;
  /** Routes by the slots of `rareOwner`. */
  oneSlot?: boolean;
  /** Answers a read with these bytes whatever was written. */
  wrongValue?: string;
  /** Status of every write. */
  putStatus?: number;
  /** Answers so many requests of each method with 503, after it has done what they ask for. */
  passing?: number;
}

const shards = ['etcd-1', 'etcd-2', 'etcd-3'];

/** etcd-2 has one slot of 1024. */
function rareOwner(key: string): string {
  const slot = slotOf(key, hashText);
  return slot === 7 ? 'etcd-2' : slot % 2 === 0 ? 'etcd-1' : 'etcd-3';
}

async function startStore(
  faults: Faults,
): Promise<{ endpoint: string; keys: Map<string, Buffer>; asked: string[] }> {
  const keys = new Map<string, Buffer>();
  const asked: string[] = [];
  const passed = new Map<string, number>();
  const server = createServer((request, response) => {
    asked.push(request.url!);
    void answer({ keys, faults, passed }, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys, asked };
}

async function answer(
  { keys, faults, passed }: { keys: Map<string, Buffer>; faults: Faults; passed: Map<string, number> },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url: key = '', method } = request;
  const owners = shards.filter((shard) => shard !== faults.unreachable);
  response.setHeader(
    'vase-shard',
    faults.oneSlot === true
      ? rareOwner(decodeURIComponent(key.replace('/v1/kv/', '')))
      : owners[Buffer.from(key).reduce((sum, byte) => sum + byte, 0) % owners.length]!,
  );
  const body = await buffer(request);
  if (method === 'PUT') keys.set(key, body);
  const value = keys.get(key);
  if (method === 'DELETE') keys.delete(key);
  response.statusCode = value === undefined ? 404 : method === 'PUT' ? (faults.putStatus ?? 204) : 200;
  const refused = passed.get(method!) ?? 0;
  if (refused < (faults.passing ?? 0)) {
    passed.set(method!, refused + 1);
    response.statusCode = 503;
  }
  response.end(method === 'GET' ? (faults.wrongValue ?? value) : undefined);
}

const signal = new AbortController().signal;

test('a store that serves on every shard passes, and no probe key stays', async () => {
  const { endpoint, keys } = await startStore({});
  await proveServing({ endpoint, shards, signal });
  expect(keys.size).toBe(0);
});

test('a shard that no key reaches is named', async () => {
  const { endpoint } = await startStore({ unreachable: 'etcd-2' });
  await expect(proveServing({ endpoint, shards, signal })).rejects.toThrow(/was routed to etcd-2$/);
});

test('a read that does not give what was written fails', async () => {
  const { endpoint } = await startStore({ wrongValue: 'something else' });
  await expect(proveServing({ endpoint, shards, signal })).rejects.toThrow('something else');
});

test('a refused write fails with the status', async () => {
  const { endpoint } = await startStore({ putStatus: 503 });
  await expect(proveServing({ endpoint, shards, patienceMs: 0, signal })).rejects.toThrow('answered a PUT');
});

test('an endpoint that does not answer fails', async () => {
  const { endpoint } = await startStore({});
  const unused = endpoint.replace(/\d+$/, '1');
  await expect(proveServing({ endpoint: unused, shards, patienceMs: 0, signal })).rejects.toThrow(
    'did not answer',
  );
});

test('a shard that almost no key belongs to is asked for one of its own', async () => {
  const { endpoint, asked } = await startStore({ oneSlot: true });
  await proveServing({ endpoint, shards, ownerOf: rareOwner, signal });
  expect(new Set(asked).size).toBe(shards.length);
});

test('what is refused or lost for a moment only is asked again, and what it did meanwhile is taken for done', async () => {
  const { endpoint, keys } = await startStore({ passing: 2 });
  await proveServing({ endpoint, shards, signal });
  expect(keys.size).toBe(0);
});
