/**
 * `make bench-start`: how long a command takes to start, beside bare Node.js, in runs that alternate. Exit code 0 when each is
 * within its bound, in time and in processor time; 1 when not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KnownStore } from '../support/known-store.ts';

const ratioMax = 2.5;
const rounds = 40;
const checkout = join(import.meta.dirname, '..', '..');
const door = join(checkout, 'scripts', 'vase.js');
/** Of /proc/self/stat: ticks of processor time that children took which have ended. One tick is 10 ms. */
const childFields = [13, 14] as const;

const cases = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'vase --help', args: [door, '--help'] },
  { name: 'vase get KEY', args: [door, 'get', 'greeting'] },
];

interface Times {
  wallMs: number[];
  cpuMs: number;
}

/** Null where the system does not tell. */
function childCpuMs(): number | null {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    return childFields.reduce((sum, field) => sum + 10 * Number(fields[field]), 0);
  } catch {
    return null;
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const store = await KnownStore.start('hello');

async function run(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: store.environment });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}`);
}

const times = cases.map((): Times => ({ wallMs: [], cpuMs: 0 }));
try {
  // The first run of each compiles.
  for (const { args } of cases) await run(args);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { args }] of cases.entries()) {
      const cpuBeforeMs = childCpuMs() ?? 0;
      const startMs = performance.now();
      await run(args);
      times[index]!.wallMs.push(performance.now() - startMs);
      times[index]!.cpuMs += (childCpuMs() ?? 0) - cpuBeforeMs;
    }
  }
} finally {
  await store.stop();
}

const [bare] = times;
for (const [index, { name }] of cases.entries()) {
  const { wallMs, cpuMs } = times[index]!;
  const wallRatio = medianOf(wallMs) / medianOf(bare!.wallMs);
  const cpuRatio = bare!.cpuMs === 0 ? null : cpuMs / bare!.cpuMs;
  const cpu =
    cpuRatio === null ? '' : `, ${(cpuMs / rounds).toFixed(0)} ms of CPU (${cpuRatio.toFixed(2)} times)`;
  process.stdout.write(
    `${name.padEnd(14)} ${medianOf(wallMs).toFixed(0)} ms (${wallRatio.toFixed(2)} times)${cpu}\n`,
  );
  if (Math.max(wallRatio, cpuRatio ?? 0) > ratioMax) {
    process.stdout.write(`  more than ${ratioMax} times\n`);
    process.exitCode = 1;
  }
}
