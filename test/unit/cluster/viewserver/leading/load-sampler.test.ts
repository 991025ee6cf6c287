import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ShardFleet } from '../../../../../cluster/providers/shard-fleet.ts';
import { LoadSampler } from '../../../../../cluster/viewserver/leading/load-sampler.ts';

let text = '';
const server = createServer((_request, response) => response.end(text));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())));
afterAll(() => server.close());

const duration = 'vase_request_duration_seconds';

/** A sharder that has served so many requests in 0.5 to 1 s each, and refused so many at once. */
const metrics = (served: number, refused: number) => `
${duration}_bucket{route="kv",method="PUT",code="2xx",le="0.001"} 0
${duration}_bucket{route="kv",method="PUT",code="2xx",le="0.5"} 0
${duration}_bucket{route="kv",method="PUT",code="2xx",le="1"} ${served}
${duration}_bucket{route="kv",method="PUT",code="2xx",le="+Inf"} ${served}
${duration}_bucket{route="kv",method="PUT",code="4xx",le="0.001"} ${refused}
${duration}_bucket{route="kv",method="PUT",code="4xx",le="0.5"} ${refused}
${duration}_bucket{route="kv",method="PUT",code="4xx",le="1"} ${refused}
${duration}_bucket{route="kv",method="PUT",code="4xx",le="+Inf"} ${refused}
vase_requests_total{route="kv",method="PUT",status="204"} ${served}
vase_requests_total{route="kv",method="PUT",status="429"} ${refused}
`;

const state = { shards: 1, isChanging: false, unfit: null };

async function sampleBetween(before: string, after: string) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const fleet = { sharderMetrics: async () => [url], memberMetrics: async () => [] };
  const sampler = new LoadSampler({ fleet: fleet as unknown as ShardFleet, sharderCores: 1 });
  text = before;
  await sampler.sample(state);
  text = after;
  return (await sampler.sample(state))!;
}

test('what is refused at once makes an overloaded shard look no better', async () => {
  const calm = await sampleBetween(metrics(0, 0), metrics(1000, 0));
  const overloaded = await sampleBetween(metrics(0, 0), metrics(1000, 50_000));
  expect(overloaded.p95Ms).toBe(calm.p95Ms);
  expect(overloaded.p95Ms).toBeGreaterThan(900);
  expect(overloaded.requests).toBe(1000);
});

test('a sharder that does not count statuses yet is read as before', async () => {
  const old = (metricsText: string) => metricsText.replaceAll(/^vase_requests_total.*\n/gm, '');
  const { requests } = await sampleBetween(old(metrics(0, 0)), old(metrics(1000, 10)));
  expect(requests).toBe(1010);
});

test('a sharder that does not answer, or did not before, is asked and not counted', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  let urls = [url, 'http://127.0.0.1:1/metrics'];
  const fleet = { sharderMetrics: async () => urls, memberMetrics: async () => [] };
  const sampler = new LoadSampler({ fleet: fleet as unknown as ShardFleet, sharderCores: 1 });
  text = metrics(0, 0);
  await sampler.sample(state);
  expect(await sampler.sample(state)).toMatchObject({ sharders: 1, shardersAsked: 2 });
  urls = [url, `${url}?new`];
  expect(await sampler.sample(state)).toMatchObject({ sharders: 1, shardersAsked: 2 });
  expect(await sampler.sample(state)).toMatchObject({ sharders: 2, shardersAsked: 2 });
});
