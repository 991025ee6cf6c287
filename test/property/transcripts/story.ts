/** Runs a small scenario and keeps the part that a person reads: one line for each event that belongs to the story. */
import { runScenario, type RunReport } from '../../../sim/run/run-scenario.ts';
import { parseScenario } from '../../../sim/run/scenario/scenario.ts';
import type { SimTraceLine } from '../../../sim/run/trace/sim-event.ts';
import { writePlainLine } from '../../../sim/run/trace/write-line.ts';

export interface Story {
  lines: readonly SimTraceLine[];
  report: RunReport;
  /** The text of the file: the title, and the lines. */
  text: string;
}

/** Differences from one move, of the slot of the key k0, in a world where nothing breaks. */
export interface Changes {
  seed?: number;
  topology?: object;
  workload?: object;
  limits?: object;
  moves?: readonly object[];
  faults?: readonly object[];
  budgets?: object;
}

export const oneMove = { kind: 'move', atMs: 1500, key: 0, to: 1, abortAfterMs: null };

/** One mover; few `members` and a short network make few lines. */
const topology = {
  shards: 2,
  members: 1,
  release: '3.6',
  sharders: 1,
  viewServers: 1,
  preVote: true,
  disk: 'nvme',
  network: 'same_host',
};
const workload = {
  clients: 1,
  operations: 16,
  keys: 2,
  mix: { get: 0, put: 1, delete: 0, cas: 0, burst: 0 },
};

export async function tell(
  title: string,
  changes: Changes,
  belongs: (line: SimTraceLine) => boolean = isOfMove,
): Promise<Story> {
  const scenario = parseScenario({
    format: 1,
    seed: changes.seed ?? 1,
    topology: { ...topology, ...changes.topology },
    workload: { ...workload, ...changes.workload },
    limits: { laneOperationsMax: 4096, batchOperationsMax: 118, ...changes.limits },
    moves: changes.moves ?? [oneMove],
    faults: changes.faults ?? [],
    budgets: { faultsUntilMs: 3000, convergeMs: 5000, ...changes.budgets },
  });
  const lines: SimTraceLine[] = [];
  const observer = (line: SimTraceLine) => {
    if (belongs(line)) lines.push(line);
  };
  const report = await runScenario(scenario, { observer });
  return { lines, report, text: textOf(title, lines) };
}

/** Events of movers, of the records, and of faults of processes. */
export function isOfMove({ event: { name } }: SimTraceLine): boolean {
  return /^(move|slots|fault|heal|process)\.|^view\.(move|abort)_/.test(name) && name !== 'heal.all';
}

/** Consecutive lines of the same words become one line, which says how often. */
export function textOf(title: string, lines: readonly SimTraceLine[]): string {
  const written: { line: string; words: string; times: number }[] = [];
  for (const line of lines.map(writePlainLine)) {
    const words = line.slice(line.indexOf(' ms '));
    const last = written.at(-1);
    if (last?.words === words) last.times++;
    else written.push({ line, words, times: 1 });
  }
  const told = written.map(({ line, times }) => (times === 1 ? line : `${line} (${times} times)`));
  return `${[title, '', ...told].join('\n')}\n`;
}
