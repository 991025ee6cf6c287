/**
 * Reads a benchmark run's folder into one value. A run may have been interrupted: missing files are left out, `problems`
 * names unreadable ones, and only a folder without a readable plan is refused.
 */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../../../cluster/errors.ts';
import type { BenchPlan, CellFailure, CellResult, Environment, Sample } from './run-data.ts';
import type { PredictedCell } from './prediction-data.ts';

export interface Run {
  folder: string;
  /** The last part of the folder's path: plan and time. */
  name: string;
  plan: BenchPlan;
  /** Null when the run has not yet written it. */
  environment: Environment | null;
  /** In the plan's order, then by repeat. */
  cells: CellResult[];
  failures: CellFailure[];
  /** By `<test>-<repeat>`, in order of time. */
  samples: ReadonlyMap<string, Sample[]>;
  /** Empty when nothing was predicted. */
  predictions: PredictedCell[];
  /** One sentence for each file that exists and cannot be read. */
  problems: string[];
}

/** Throws UsageError when the folder has no readable plan. */
export async function readRun(folder: string): Promise<Run> {
  const plan = await readPlan(folder);
  const problems: string[] = [];
  const read = <T>(path: string): Promise<T | null> => readJson<T>(join(folder, path), problems);
  const cells: CellResult[] = [];
  const failures: CellFailure[] = [];
  for (const name of await listFiles(join(folder, 'cells'), '.json')) {
    const cell = await read<Partial<CellResult & CellFailure>>(join('cells', name));
    if (cell === null) continue;
    if (cell.peak !== undefined) cells.push(cell as CellResult);
    else if (cell.failure !== undefined) failures.push(cell as CellFailure);
    else problems.push(`cells/${name} holds neither a result nor a failure.`);
  }
  const order = new Map(plan.cells.map((cell, index) => [cell.test, index]));
  const inOrder = (a: { test: string; repeat: number }, b: { test: string; repeat: number }): number =>
    (order.get(a.test) ?? order.size) - (order.get(b.test) ?? order.size) || a.repeat - b.repeat;
  return {
    folder,
    name: basename(resolve(folder)),
    plan,
    environment: await read<Environment>('environment.json'),
    cells: cells.toSorted(inOrder),
    failures: failures.toSorted(inOrder),
    samples: await readSamples(folder, problems),
    predictions: (await read<PredictedCell[]>('predictions.json')) ?? [],
    problems,
  };
}

async function readPlan(folder: string): Promise<BenchPlan> {
  const problems: string[] = [];
  const plan = await readJson<Partial<BenchPlan>>(join(folder, 'plan.json'), problems);
  if (plan !== null && Array.isArray(plan.cells)) return plan as BenchPlan;
  throw new UsageError(`${folder} is not a benchmark run: its plan.json is missing or is not a plan.`);
}

async function readSamples(folder: string, problems: string[]): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>();
  for (const name of await listFiles(join(folder, 'samples'), '.jsonl')) {
    const text = await readFile(join(folder, 'samples', name), 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    const parsed: Sample[] = [];
    for (const [index, line] of lines.entries()) {
      const sample = parseJson(line);
      if (sample !== null) parsed.push(sample as Sample);
      // An interruption cuts the last line short; anywhere else it is damage.
      else if (index < lines.length - 1) problems.push(`samples/${name}: line ${index + 1} is not JSON.`);
    }
    samples.set(basename(name, '.jsonl'), parsed);
  }
  return samples;
}

/** Null when the file is missing, and when it is no JSON, which is reported. */
async function readJson<T>(path: string, problems: string[]): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const value = parseJson(text);
  if (value === null) problems.push(`${basename(path)} is not JSON and was left out.`);
  return value as T | null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

async function listFiles(folder: string, extension: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(extension)).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
