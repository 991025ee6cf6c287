/** The twins of the capacity model: what queueing theory knows exactly about the cases that it can solve. */

/** Mean time in an M/M/1 queue, in the unit of the service time. */
export function meanTimeInQueue(load: { servicePerUnit: number; arrivalsPerUnit: number }): number {
  return 1 / (load.servicePerUnit - load.arrivalsPerUnit);
}

/**
 * Exact mean value analysis (Reiser and Lavenberg, 1980) of a closed network of single servers that each user visits once
 * a turn, with exponential times, and a delay. Returns turns per unit of time.
 */
export function closedThroughput(network: {
  users: number;
  demands: readonly number[];
  delay: number;
}): number {
  const queues = network.demands.map(() => 0);
  let throughput = 0;
  for (let users = 1; users <= network.users; users++) {
    const times = network.demands.map((demand, station) => demand * (1 + queues[station]!));
    throughput = users / times.reduce((sum, time) => sum + time, network.delay);
    times.forEach((time, station) => (queues[station] = throughput * time));
  }
  return throughput;
}
