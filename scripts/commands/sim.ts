/** `vase sim`: soaks the simulator over many seeds, or replays one scenario and tells its story. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { runScenario } from '../../sim/run/run-scenario.ts';
import { parseScenario, type Scenario, ScenarioError } from '../../sim/run/scenario/scenario.ts';
import { vacuityOf } from '../../sim/run/vacuity.ts';
import { exitCodeOf } from '../../sim/run/properties/violations.ts';
import type { TraceLine } from '../../sim/kernel/tracer.ts';
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
  scenario?: string;
  trace?: boolean;
  json?: boolean;
}

export function addSimCommand(program: Command): void {
  program
    .command('sim')
    .description('Run the simulator: many seeds, or one scenario from a file.')
    .option('--seeds <range>', 'seeds to run, such as 1..10000', '1..1000')
    .option('--scenario <file>', 'replay one scenario instead')
    .option('--trace', 'with --scenario: tell what happens, line by line')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      process.exitCode =
        flags.scenario === undefined ? await soak(flags) : await replay(flags.scenario, flags);
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

async function replay(file: string, { trace, json }: Flags): Promise<number> {
  const scenario = readScenario(file);
  const printer = createPrinter({ json: json === true });
  const observer = trace ? (line: TraceLine) => tell(printer, line) : undefined;
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
  return exitCodeOf(violations);
}

/** One line of the story: moment, who, what, and the rest of the event. */
function tell(printer: ReturnType<typeof createPrinter>, { atUs, process: who, event }: TraceLine): void {
  const { name, ...rest } = event;
  const fields = Object.entries(rest).map(([field, value]) =>
    field === 'what' ? String(value) : `${field}=${String(value)}`,
  );
  const moment = (atUs / 1000).toFixed(3).padStart(10);
  printer.result(`${moment} ms  ${who.padEnd(10)} ${name.padEnd(18)} ${fields.join(' ')}`, {
    atUs,
    who,
    event,
  });
}

/** @throws UsageError */
function parseSeeds(text: string): [number, number] {
  const match = /^([0-9]{1,15})(?:\.\.([0-9]{1,15}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (!match || to < from)
    throw new UsageError(`--seeds must be a seed or a range such as 1..10000, not ${JSON.stringify(text)}`);
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
