/** `vase sim`: soaks the simulator over many seeds, or replays one scenario, of a seed or of a file, and tells its story. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { runScenario } from '../../sim/run/run-scenario.ts';
import { parseScenario, type Scenario, ScenarioError } from '../../sim/run/scenario/scenario.ts';
import { scenarioOfSeed } from '../../sim/run/scenario/scenario-arbitrary.ts';
import { vacuityOf } from '../../sim/run/vacuity.ts';
import { exitCodeOf, type Violation } from '../../sim/run/properties/violations.ts';
import type { SimTraceLine } from '../../sim/run/trace/sim-event.ts';
import { writeLine } from '../../sim/run/trace/write-line.ts';
import { createPrinter } from '../terminal/printer.ts';
import { createProgressLine } from '../simulation/progress-line.ts';
import { describeFailure, saveScenario } from '../simulation/report-failure.ts';
import { runWorkers } from '../simulation/run-workers.ts';
import { strikeTable } from '../simulation/strike-table.ts';

const help = `
Exit codes: 0 all properties hold, 1 a crash, 2 wrong use, 3 not live, or too little happened, 4 not safe, 5 not
deterministic, 6 unknown.`;

interface Flags {
  seeds: string;
  seed?: string[];
  scenario?: string[];
  trace?: boolean;
  json?: boolean;
}

export function addSimCommand(program: Command): void {
  program
    .command('sim')
    .description('Run the simulator: many seeds, or one scenario, of a seed or from a file.')
    .option('--seeds <range>', 'seeds to run, such as 1..10000', '1..1000')
    .addOption(
      new Option(
        '--seed <n...>',
        'print the scenario of a seed and replay it, one seed after the other',
      ).conflicts(['seeds', 'scenario']),
    )
    .addOption(
      new Option('--scenario <file...>', 'replay the scenario of each file instead').conflicts('seeds'),
    )
    .option('--trace', 'with --seed or --scenario: tell what happens, line by line')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const { seed, scenario, trace } = flags;
      if (seed !== undefined) process.exitCode = await replayAll(seed.map(ofSeed), flags);
      else if (scenario !== undefined) process.exitCode = await replayAll(scenario.map(ofFile), flags);
      else if (trace === true)
        throw new UsageError('--trace tells the story of one scenario: name it with --seed or --scenario');
      else process.exitCode = await soak(flags);
    });
}

async function soak({ seeds, json }: Flags): Promise<number> {
  const [from, to] = parseSeeds(seeds);
  const count = to - from + 1;
  const workers = Math.min(availableParallelism(), count);
  const line = createProgressLine('sim', count);
  const startedAtMs = performance.now();
  const works = Array.from({ length: workers }, (_, index) => ({
    kind: 'seeds' as const,
    from: from + index,
    to,
    step: workers,
  }));
  const { progress, failures } = await runWorkers(works, { onProgress: line.show });
  line.end();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const told = failures.map((failure) => describeFailure(failure, saveScenario(failure)));
  // Workers that gave up after failures have not run all seeds.
  const poor = failures.length === 0 ? vacuityOf(progress) : [];
  told.push(...poor.map(({ property, message }) => `${property}: ${message}`));
  const summary = `${progress.runs} seeds in ${seconds.toFixed(1)} s (${((60 * progress.runs) / seconds).toFixed(0)} a minute): ${failures.length} failed; ${progress.operations.ok} operations ok, ${progress.operations.failed} failed, ${progress.operations.unknown} unknown; ${progress.movesDone} moves done, ${progress.movesAborted} undone, ${progress.movesFailed} of them failed, ${progress.movesUnproven} begun again for a watch that did not tell all; ${progress.copiesOutlasting} copies took longer than etcd remembers`;
  createPrinter({ json: json === true }).result([...told, strikeTable(progress), summary].join('\n'), {
    ...progress,
    seconds,
    failures,
    violations: poor,
  });
  if (failures.some(({ crash }) => crash !== null)) return 1;
  return exitCodeOf([...poor, ...failures.flatMap(({ violations }) => violations)]);
}

interface Replay {
  /** The name of the replay among others. */
  name: string;
  scenario: Scenario;
  /** Whether the scenario is drawn from a seed, so that the user has not seen it yet. */
  isDrawn: boolean;
}

function ofSeed(text: string): Replay {
  const [seed, last] = parseSeeds(text, '--seed');
  if (last !== seed) throw new UsageError('--seed must be one seed; --seeds takes a range');
  return { name: `seed ${seed}`, scenario: scenarioOfSeed(seed), isDrawn: true };
}

function ofFile(file: string): Replay {
  return { name: file, scenario: readScenario(file), isDrawn: false };
}

/** Returns the exit code of the gravest. */
async function replayAll(replays: readonly Replay[], flags: Flags): Promise<number> {
  const printer = createPrinter({ json: flags.json === true });
  const violations: Violation[] = [];
  for (const { name, scenario, isDrawn } of replays) {
    if (replays.length > 1) printer.result(`${name}:`, { replay: name });
    if (isDrawn) printer.result(JSON.stringify(scenario, null, 2), { scenario });
    violations.push(...(await replay(scenario, flags)));
  }
  return exitCodeOf(violations);
}

async function replay(scenario: Scenario, { trace, json }: Flags): Promise<readonly Violation[]> {
  const printer = createPrinter({ json: json === true });
  const observer = trace ? (line: SimTraceLine) => tell(printer, line) : undefined;
  const report = await runScenario(scenario, observer ? { observer } : {});
  const { violations, counts, hash, faults } = report;
  const verdict = violations.map(({ property, message }) => `${property}: ${message}`);
  const summary = `${counts.ok} ok, ${counts.failed} failed, ${counts.unknown} unknown; hash ${hash}`;
  printer.result(
    [...verdict, verdict.length === 0 ? 'All properties hold.' : 'Broken.', summary].join('\n'),
    {
      violations,
      counts,
      faults,
      hash,
    },
  );
  return violations;
}

function tell(printer: ReturnType<typeof createPrinter>, line: SimTraceLine): void {
  const { atUs, process: who, event } = line;
  printer.result(writeLine(line), { atUs, who, event });
}

/** @throws UsageError */
function parseSeeds(text: string, flag = '--seeds'): [number, number] {
  const match = /^([0-9]{1,15})(?:\.\.([0-9]{1,15}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (!match || to < from)
    throw new UsageError(`${flag} must be a seed or a range such as 1..10000, not ${JSON.stringify(text)}`);
  return [from, to];
}

/** @throws UsageError */
function readScenario(file: string): Scenario {
  try {
    return parseScenario(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof ScenarioError || error instanceof SyntaxError)
      throw new UsageError(`${file}: ${error.message}`);
    if (error instanceof Error && 'code' in error)
      throw new UsageError(`${file} cannot be read: ${String(error.code)}`);
    throw error;
  }
}
