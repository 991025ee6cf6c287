/**
 * The folder of one run: where each file is, and which cells are done. Results are written whole or not at all, so after
 * any end of a run the next one goes on with the first cell that has no result.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../cluster/errors.ts';
import { changesSince } from './run-origin.ts';
import type { BenchPlan, CellFailure, CellPlan, CellResult, Environment, Sample } from './run-data.ts';

/** One measurement of the plan: a cell, and the number of its repeat, from 1. */
export interface Turn {
  cell: CellPlan;
  repeat: number;
}

/** Repeats go around all cells, so that a change of the machine over time does not look like an effect of one cell. */
export function turnsOf(plan: BenchPlan): Turn[] {
  return Array.from({ length: plan.repeats }, (_, index) =>
    plan.cells.map((cell): Turn => ({ cell, repeat: index + 1 })),
  ).flat();
}

export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The folder of the cluster of the cell that is being measured; empty between cells. */
  get stateRoot(): string {
    return join(this.path, 'cluster');
  }

  create(plan: BenchPlan): void {
    mkdirSync(this.path, { recursive: true });
    this.write('plan.json', plan);
  }

  /** @throws UsageError when there is no run. */
  readPlan(): BenchPlan {
    const plan = readJson(join(this.path, 'plan.json')) as BenchPlan | null;
    if (plan === null) throw new UsageError(`${this.path} holds no run: it has no plan.json`);
    return plan;
  }

  readEnvironment(): Environment | null {
    return readJson(join(this.path, 'environment.json')) as Environment | null;
  }

  writeEnvironment(environment: Environment): void {
    this.write('environment.json', environment);
  }

  /** The samples first: a cell counts as done by its result. */
  writeResult(result: CellResult, samples: readonly Sample[]): void {
    const name = fileName({ cell: result.cell, repeat: result.repeat });
    this.writeText(`samples/${name}.jsonl`, samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
    this.write(`cells/${name}.json`, result);
  }

  writeFailure(failure: CellFailure): void {
    this.write(`cells/${fileName(failure)}.json`, failure);
  }

  writeText(name: string, text: string): void {
    const target = join(this.path, name);
    mkdirSync(join(target, '..'), { recursive: true });
    const temporary = `${target}.${process.pid}`;
    writeFileSync(temporary, text, { flush: true });
    renameSync(temporary, target);
  }

  /** The result or failure of a turn; null when it still has to be measured. */
  read(turn: Turn): CellResult | CellFailure | null {
    return readJson(join(this.path, 'cells', `${fileName(turn)}.json`)) as CellResult | CellFailure | null;
  }

  private write(name: string, value: unknown): void {
    this.writeText(name, `${JSON.stringify(value, null, 2)}\n`);
  }
}

function fileName({ cell, repeat }: Turn): string {
  return `${cell.test}-${repeat}`;
}

/** Null for a file that is not there. */
function readJson(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** The folder for a new run of this plan. */
export function newRunFolder(runs: string, plan: BenchPlan): RunFolder {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return new RunFolder(join(runs, `${plan.name}-${time}`));
}

export interface Unfinished {
  folder: RunFolder;
  /** What has changed since the run began: such a run is not resumed unasked. */
  changes: string[];
}

/**
 * The newest run of the very same plan that has cells left and was begun in the same environment as now; else the newest that
 * was begun in another one, with the changes since; null when there is none.
 */
export function findUnfinished(runs: string, plan: BenchPlan, here: Environment): Unfinished | null {
  const names = existsSync(runs) ? readdirSync(runs).filter((name) => name.startsWith(`${plan.name}-`)) : [];
  const text = JSON.stringify(plan);
  let changed: Unfinished | null = null;
  for (const name of names.toSorted().toReversed()) {
    const folder = new RunFolder(join(runs, name));
    if (!existsSync(join(folder.path, 'plan.json'))) continue;
    if (JSON.stringify(folder.readPlan()) !== text) continue;
    if (turnsOf(plan).every((turn) => folder.read(turn) !== null)) continue;
    const recorded = folder.readEnvironment();
    const changes = recorded === null ? [] : changesSince(recorded, here);
    if (changes.length === 0) return { folder, changes };
    changed ??= { folder, changes };
  }
  return changed;
}
