/** The autoscaler on a real cluster: load beyond the objective adds a shard; without the load it goes again. */
import { setTimeout as delay } from 'node:timers/promises';
import { openCluster } from './open-clusters.ts';
import { Load } from './load.ts';
import type { LoadSecond } from './load-messages.ts';
import { ViewServer } from './view-server.ts';

export interface ScalingResult {
  settings: object;
  seconds: (LoadSecond & { shards: number; phase: string })[];
  decisions: Record<string, unknown>[];
  /** Numbers of shards, one after the other. */
  counts: number[];
  wrongCount: number;
}

const settings = {
  enabled: true,
  p95Ms: 60,
  windowSeconds: 5,
  requestsMin: 100,
  cooldownSeconds: 15,
  min: 1,
  max: 3,
};
/** One etcd gets a tenth of a core: with little load it is the bottleneck, and the sharder is not. */
const etcdCpu = '100m';
const connections = 24;
const phaseMsMax = 180_000;
/** After the last change: long enough for a change too many to come. */
const quietMs = 60_000;

export async function scaleByLatency(say: (text: string) => void): Promise<ScalingResult> {
  const cluster = await openCluster({
    shards: 1,
    members: 1,
    sharders: 1,
    resources: { etcd: { cpu: etcdCpu } },
    autoscaling: { shards: settings },
  });
  const server = new ViewServer(cluster.provider);
  const result: ScalingResult = { settings, seconds: [], decisions: [], counts: [], wrongCount: 0 };
  let phase = 'filling';
  let shards = 1;
  const load = new Load((second) => {
    result.seconds.push({ ...second, shards, phase });
    say(`${phase}: ${second.ok}/s, p99 ${second.p99Ms} ms, ${shards} shards`);
  });
  const look = async () => {
    shards = (await server.view()).shards.length;
    if (shards !== result.counts.at(-1)) result.counts.push(shards);
    return shards;
  };
  const until = async (holds: (count: number) => boolean) => {
    const untilMs = performance.now() + phaseMsMax;
    while (!holds(await look()) && performance.now() < untilMs) await delay(500);
  };
  try {
    await load.begin({ url: cluster.endpoint, connections, keys: 500, valueBytes: 128 }, 0);
    await look();
    phase = 'load beyond the objective';
    await until((count) => count > 1);
    await server.whenClean(phaseMsMax);
    phase = 'load gone';
    load.setRate(10);
    await until((count) => count === 1);
    phase = 'quiet';
    const quietUntilMs = performance.now() + quietMs;
    while (performance.now() < quietUntilMs) {
      await look();
      await delay(1000);
    }
    await server.whenClean(phaseMsMax);
    result.decisions = (await server.autoscaler()).decisions;
    result.wrongCount = (await load.end()).wrongCount;
    return result;
  } finally {
    server.stop();
    load.kill();
    await cluster.close();
  }
}
