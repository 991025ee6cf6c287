/** Keys per second of moves, and of one client that puts into the same destination, by turns; and what was busy meanwhile. */
import { availableParallelism } from 'node:os';
import { cpuMicroseconds } from '../sharder/process-usage.ts';
import type { MoveBench } from './move-bench.ts';
import { putByOneClient } from './one-client.ts';

export interface SpeedRound {
  to: number;
  keys: number;
  movedPerSecond: number;
  /** One transaction after the other. */
  clientPerSecond: number;
  /** With as many under way as a mover has. */
  pipelinedPerSecond: number;
  /** Milliseconds of all moves together in each phase. */
  phaseMs: ReadonlyMap<string, number>;
  /** Cores, while the slots moved. */
  cores: { viewServer: number; source: number; destination: number; machine: number };
}

const half = '0-511';
/** As the movers: two at a time, with three writes each. */
const pipelined = 6;

/** Slots go to the other shard, and come back. */
export async function measureSpeed(
  bench: MoveBench,
  { clientKeys, valueBytes }: { clientKeys: number; valueBytes: number },
): Promise<SpeedRound[]> {
  const rounds: SpeedRound[] = [];
  for (const to of [2, 1]) {
    const destination = await bench.shard(to);
    const source = await bench.shard(3 - to);
    const viewServer = await bench.viewServerPids();
    const order = { endpoints: destination.endpoints, keys: clientKeys, valueBytes };
    const clientPerSecond = await putByOneClient({ ...order, inFlight: 1 });
    const pipelinedPerSecond = await putByOneClient({ ...order, inFlight: pipelined });
    const sample = () => ({
      viewServer: cpuMicroseconds(viewServer),
      source: cpuMicroseconds(source.pids),
      destination: cpuMicroseconds(destination.pids),
    });
    const before = sample();
    const startedMs = performance.now();
    const { keys, seconds, phaseMs } = await bench.move(half, to);
    const micros = 1000 * (performance.now() - startedMs);
    const after = sample();
    const cores = (who: keyof typeof before) => (after[who] - before[who]) / micros;
    rounds.push({
      to,
      keys,
      movedPerSecond: keys / seconds,
      clientPerSecond,
      pipelinedPerSecond,
      phaseMs,
      cores: {
        viewServer: cores('viewServer'),
        source: cores('source'),
        destination: cores('destination'),
        machine: availableParallelism(),
      },
    });
  }
  return rounds;
}
