/** `vase predict`: what a cluster would do, by the capacity model: a plan's cells, curves far past them, sizes, checks. */
import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { cellOf, type PlannedCell, predictCells, profileFor } from '../../sim/capacity/predict-plan.ts';
import { type Profile, profiles } from '../../sim/capacity/profile.ts';
import { type Axis, type Curve, scalingCurve } from '../../sim/capacity/scaling-curve.ts';
import { fitScalingLaw } from '../../sim/capacity/scaling-law.ts';
import { sizeForTarget } from '../../sim/capacity/size-for-target.ts';
import { readRun } from '../bench/records/read-run.ts';
import { createPrinter, type Printer } from '../terminal/printer.ts';
import { toleranceShare } from '../bench/prediction/calibrated-run.ts';
import { predictRun, testsToFit } from '../bench/prediction/predict-run.ts';
import {
  describeCalibration,
  describeCurve,
  describePredictions,
  describeSize,
  predictionsToCsv,
} from '../bench/prediction/describe-prediction.ts';
import { plannedCells, profileNamed } from '../bench/prediction/planned-cells.ts';
import { readPlan } from '../bench/records/plan-input.ts';

interface Flags {
  plan?: string;
  profile: string;
  max: number;
  targetRps?: number;
  targetP95?: number;
  run?: string;
  calibrate?: string;
  csv?: string;
  json?: boolean;
}

const countMax = 512;

const help = `
With --plan: every cell of the plan, then curves of up to --max sharders (with the most shards of the plan) and shards
(with the most sharders), with the load and the limits of the first cell and more users the more sharders there are. With --target-rps and --target-p95: how many of each it takes.
With --run: fits the model on the tests of --calibrate, predicts all, compares, and leaves predictions.json for the report.

Profiles: ${Object.values(profiles)
  .map(({ name, source }) => `\n  ${name.padEnd(14)} ${source}`)
  .join('')}

Exit codes: 0 done, 1 a prediction of --run misses the measured requests/s by more than 20 %, 2 wrong use.`;

export function addPredictCommand(program: Command): void {
  program
    .command('predict')
    .description('Predict throughput and latency of clusters that need not exist.')
    .option('--plan <file>', 'a plan of the benchmark, or the name of a ready one')
    .option('--profile <name>', Object.keys(profiles).join(', '), 'laptop')
    .option('--max <count>', 'sharders and shards at the end of the curves', wholeUpTo(countMax), 256)
    .option('--target-rps <rate>', 'requests/s to size for', positive)
    .option('--target-p95 <ms>', 'the p95 that they may have', positive)
    .option('--run <folder>', "a benchmark's run")
    .option(
      '--calibrate <tests>',
      'tests of the run to fit on, such as 1a,1c; default: the first of each kind, and one more',
    )
    .option('--csv <file>', "write the plan's predictions")
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const printer = createPrinter({ json: flags.json === true });
      if (flags.run !== undefined) await checkRun(flags.run, flags.calibrate, printer);
      else if (flags.plan !== undefined) await predictFrom(flags.plan, flags, printer);
      else throw new UsageError('predict needs --plan FILE or --run FOLDER');
    });
}

async function predictFrom(file: string, flags: Flags, printer: Printer): Promise<void> {
  if ((flags.targetRps === undefined) !== (flags.targetP95 === undefined))
    throw new UsageError('--target-rps and --target-p95 go together');
  const profile = profileNamed(flags.profile);
  const cells = plannedCells(readPlan(file), profile);
  const predictions = await predictCells(cells, profile);
  printer.result(`${profile.name}: ${profile.source}\n${describePredictions(cells, predictions)}`, {
    event: 'cells',
    predictions,
  });
  if (flags.csv !== undefined) await writeText(flags.csv, predictionsToCsv(cells, predictions));
  for (const axis of ['sharders', 'shards'] as const) {
    const curve = await curveOf(cells, profile, { axis, max: flags.max });
    const law = fitScalingLaw(
      curve.points.map(({ count, prediction }) => ({
        count,
        requestsPerSecond: prediction.requestsPerSecond,
      })),
    );
    printer.result(`\n${describeCurve(curve, law)}`, { event: 'curve', ...curve, law });
  }
  if (flags.targetRps === undefined || flags.targetP95 === undefined) return;
  const target = { requestsPerSecond: flags.targetRps, p95Ms: flags.targetP95 };
  const cell = cellOf(cells[0]!);
  const size = await sizeForTarget(profileFor(profile, cells[0]!), cell, target);
  printer.result(`\n${describeSize(target, size, cell.members)}`, { event: 'size', target, size });
  if (size === null) process.exitCode = 1;
}

/** Along one axis with the plan's largest number of the other, so that the other is not the limit. */
function curveOf(
  cells: readonly PlannedCell[],
  profile: Profile,
  options: { axis: Axis; max: number },
): Promise<Curve> {
  const largest = (axis: Axis) => Math.max(...cells.map((cell) => cell[axis]));
  const [first] = cells;
  return scalingCurve(
    profileFor(profile, first!),
    { ...cellOf(first!), sharders: largest('sharders'), shards: largest('shards') },
    options,
  );
}

async function checkRun(folder: string, tests: string | undefined, printer: Printer): Promise<void> {
  const run = await readRun(folder);
  const compared = await predictRun(run, tests?.split(',') ?? testsToFit(run));
  const missed = compared.cells.filter(({ error }) => Math.abs(error.requestsPerSecond) > toleranceShare);
  const verdict =
    missed.length === 0
      ? `All ${compared.cells.length} within ${toleranceShare * 100} % in requests/s.`
      : `Past ${toleranceShare * 100} % in requests/s: ${missed.map(({ test }) => test).join(', ')}.`;
  printer.result(`${describeCalibration(compared)}\n${verdict}`, { event: 'calibration', ...compared });
  if (missed.length > 0) process.exitCode = 1;
}

async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

function wholeUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new InvalidArgumentError(`must be a whole number from 1 to ${max}`);
    return value;
  };
}
