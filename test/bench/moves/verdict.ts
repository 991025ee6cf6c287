/** What moves have to reach, as ratios within one run, and whether they did. */
import type { FreezeRound } from './measure-freezes.ts';
import type { SpeedRound } from './measure-speed.ts';

const bounds = {
  /** Keys per second of moves, of what one client reaches that batches puts into the same destination; at least. */
  speed: 0.5,
  /** The time for which a slot is frozen, at p99, of the p50 of a write; at most. */
  freeze: 6,
} as const;

export interface MovesRun {
  members: number;
  speeds: readonly SpeedRound[];
  freezes: readonly FreezeRound[];
}

export interface Judgement {
  holds: boolean;
  text: string;
}

export function judge({ members, speeds, freezes }: MovesRun): Judgement[] {
  const where = members === 1 ? '1 member' : `${members} members`;
  const speed = median(speeds.map(({ movedPerSecond, clientPerSecond }) => movedPerSecond / clientPerSecond));
  const frozen = freezes.flatMap(({ frozenMs }) => frozenMs);
  const ratio = median(freezes.map(({ frozenMs, write }) => quantile(frozenMs, 0.99) / write.p50Ms));
  const errors = freezes.reduce((sum, { write }) => sum + write.errors, 0);
  return [
    {
      holds: speed >= bounds.speed,
      text: `${where}: keys moved per second ${speed.toFixed(2)} times one client that batches puts, ${speeds.length} times (at least ${bounds.speed})`,
    },
    {
      holds: frozen.length > 0 && ratio <= bounds.freeze,
      text: `${where}: a slot is frozen, at p99, for ${ratio.toFixed(2)} times the p50 of a write, ${frozen.length} moves (at most ${bounds.freeze})`,
    },
    { holds: errors === 0, text: `${where}: writes that failed meanwhile: ${errors} (at most 0)` },
  ];
}

/** NaN of none, which holds nothing. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Who was busiest while slots moved, by the processor time of each; nobody near a core: they waited for disks and each other. */
export function describeLimit({ speeds }: Pick<MovesRun, 'speeds'>): string {
  const of = (who: 'viewServer' | 'source' | 'destination') => median(speeds.map(({ cores }) => cores[who]));
  const parts = [
    ['the mover', of('viewServer')],
    ['the source', of('source')],
    ['the destination', of('destination')],
  ] as const;
  const used = parts.reduce((sum, [, cores]) => sum + cores, 0);
  const machine = speeds[0]?.cores.machine ?? 0;
  const [busiest] = parts.toSorted((a, b) => b[1] - a[1]);
  const all = parts.map(([name, cores]) => `${name} ${cores.toFixed(2)}`).join(', ');
  const limit =
    used >= 0.85 * machine
      ? `the machine, and ${busiest![0]} most of it`
      : `waiting: ${busiest![0]} is busiest`;
  return `${describePhases(speeds)}; cores in use while slots moved, of ${machine}: ${all}; what limits is ${limit}`;
}

function describePhases(speeds: readonly SpeedRound[]): string {
  const sums = new Map<string, number>();
  for (const { phaseMs } of speeds)
    for (const [phase, ms] of phaseMs) sums.set(phase, (sums.get(phase) ?? 0) + ms);
  const total = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  const parts = [...sums].map(([phase, ms]) => `${phase} ${Math.round((100 * ms) / total)} %`);
  return `time of moves by phase: ${parts.join(', ')}`;
}
