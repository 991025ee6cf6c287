/** What must hold of a cluster under any faults: Raft's own promises, and what clients were told. */
import { expect, test } from 'vitest';
import { ClusterDriver } from '../cluster-driver.ts';
import { scheduleFaults } from '../random-faults.ts';

const seeds = 60;
const stormEndMs = 15_000;

interface Client {
  acknowledged: Map<string, number>;
  attempts: number;
}

/** Writes a new key each time, now here and now there, and remembers what was acknowledged. */
function startWriting(driver: ClusterDriver): Client {
  const { world, cluster, rpc } = driver;
  const process = world.process('client');
  const client: Client = { acknowledged: new Map(), attempts: 0 };
  const random = world.random('workload');
  const pause = (ms: number): Promise<void> => new Promise((resolve) => process.clock.schedule(ms, resolve));
  const writeForEver = async (lane: number): Promise<void> => {
    for (let count = 0; ; count++) {
      const key = `${lane}-${count}`;
      const endpoint = cluster.endpoints[random.nextBelow(cluster.endpoints.length)]!;
      client.attempts++;
      const put = { kind: 'put', key, value: new Uint8Array() } as const;
      const result = await rpc.call(endpoint, put, { deadlineMs: 800 });
      if (result.kind === 'reply') client.acknowledged.set(key, result.reply.header!.revision);
      await pause(random.nextBelow(50));
    }
  };
  for (let lane = 0; lane < 4; lane++) world.kernel.scheduleAsync(0, () => void writeForEver(lane));
  return client;
}

test(`in ${seeds} storms no term has two leaders, logs agree, nothing acknowledged is lost, and all converge`, async () => {
  let acknowledged = 0;
  const fired = {
    elections: 0,
    lostWrites: 0,
    pauses: 0,
    powerFailures: 0,
    cutDatagrams: 0,
    duplicatedDatagrams: 0,
  };
  for (let seed = 1; seed <= seeds; seed++) {
    const members = ([3, 5, 1] as const)[seed % 3]!;
    const preVote = seed % 4 !== 0;
    const driver = new ClusterDriver({ seed, members, preVote });
    const { world, cluster } = driver;
    scheduleFaults(world, cluster, { fromMs: 500, untilMs: stormEndMs });
    const client = startWriting(driver);
    await driver.passMs(stormEndMs + 8_000);
    acknowledged += client.acknowledged.size;
    for (const name of Object.keys(fired) as (keyof typeof fired)[]) fired[name] += world.counters[name];
    for (const leaders of driver.leadersByTerm().values()) expect(leaders.size, `seed ${seed}`).toBe(1);
    const [first, ...others] = cluster.members.map((member) => member.raft.node.state.log);
    for (const log of others) {
      const committed = Math.min(first!.committed, log.committed);
      expect(log.slice(1, committed), `seed ${seed}`).toEqual(first!.slice(1, committed));
    }
    for (const { machine } of cluster.members) {
      for (const [key, revision] of client.acknowledged) {
        // A follower may be a heartbeat behind.
        if (revision > machine.store.revision - 5) continue;
        expect(machine.store.get(key)?.modRevision, `seed ${seed}, ${key}`).toBe(revision);
      }
    }
    // Without pre-vote a member that is behind may disturb the others for as long as its dice are lucky.
    if (!preVote) continue;
    const revisions = cluster.members.map((member) => member.machine.store.revision);
    expect(Math.max(...revisions) - Math.min(...revisions), `seed ${seed}`).toBeLessThan(20);
  }
  expect(acknowledged).toBeGreaterThan(seeds * 200);
  for (const [fault, count] of Object.entries(fired)) expect(count, fault).toBeGreaterThan(20);
});
