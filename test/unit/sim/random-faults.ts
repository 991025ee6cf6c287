/** A storm of faults on one cluster, drawn from the world's seed, that ends with everything healed and running. */
import type { SimCluster } from '../../../sim/etcd/cluster.ts';
import type { World } from '../../../sim/run/world/world.ts';

export function scheduleFaults(
  world: World,
  cluster: SimCluster,
  options: { fromMs: number; untilMs: number },
): void {
  const random = world.random('faults');
  const at = (atMs: number, run: () => void): void => void world.kernel.schedule(atMs * 1000, run, undefined);
  for (let atMs = options.fromMs; atMs < options.untilMs; atMs += 300 + random.nextBelow(900)) {
    at(atMs, () => strike(world, cluster, random));
  }
  // Whatever has been struck has fallen by then.
  at(options.untilMs + 200, () => {
    world.network.heal();
    for (const member of cluster.members) {
      member.resume();
      member.restart();
    }
  });
}

function strike(world: World, cluster: SimCluster, random: ReturnType<World['random']>): void {
  const { members } = cluster;
  const victim = cluster.member(random.nextBelow(members.length));
  const target = random.nextChance(0.5) ? (cluster.leader() ?? victim) : victim;
  const name = target.process.name;
  const others = members.filter((member) => member !== target).map((member) => member.process.name);
  switch (random.nextBelow(9)) {
    case 0:
      target.crash('power');
      break;
    case 1:
      target.crash('kill');
      break;
    case 2:
      for (const member of members) member.restart();
      break;
    case 3:
      target.pause();
      break;
    case 4:
      for (const member of members) member.resume();
      break;
    case 5:
      world.network.partition([[name], others]);
      break;
    case 6:
      world.network.cut({ from: name, to: others[0] ?? 'client' });
      world.network.clog({ from: others[0] ?? 'client', to: name, untilMs: world.nowMs + 700 });
      break;
    case 7:
      world.network.heal();
      world.network.setQuality({ loss: 0.1, duplicate: 0.1, reorder: 0.2 });
      break;
    case 8:
      target.disk.stall({ untilMs: world.nowMs + 600 });
      target.disk.profile = { ...target.disk.profile, meanExtraUs: 20_000 };
      // What was written meanwhile is on its way to the disk when the power fails.
      if (random.nextChance(0.5)) {
        world.kernel.schedule(world.kernel.nowUs + 100_000, () => target.crash('power'), undefined);
      }
  }
}
