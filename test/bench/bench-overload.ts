/**
 * `make bench-overload`: what a store does that is asked for more than it can. In each part the goodput (answered with
 * success within a second of the moment at which it was due) is compared with that of the same run without the overload.
 * Exit code 0 when every bound holds, 1 when not, 2 for a wrong use.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closeOnInterrupt } from '../resharding/open-clusters.ts';
import { deadShard, hotKey } from './overload/isolation-parts.ts';
import { pausedLeader, slowDisk, slowSharder } from './overload/limited-parts.ts';
import type { PartResult, Settings } from './overload/part.ts';
import { describeTable, type Results, writeReport } from './overload/report.ts';

const parts: Readonly<Record<string, (settings: Settings) => Promise<PartResult>>> = {
  'slow-disk': slowDisk,
  'paused-leader': pausedLeader,
  'slow-sharder': slowSharder,
  'hot-key': hotKey,
  'dead-shard': deadShard,
};

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: Object.keys(parts) },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
});

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value <= 1000
    ? value
    : refuse(`${name} must be a whole number from 1 to 1000, not ${text}`);
}

const unknown = values.part.find((part) => !Object.hasOwn(parts, part));
if (unknown !== undefined) refuse(`part ${unknown} is not one of ${Object.keys(parts).join(', ')}`);
const say = (text: string) => void process.stdout.write(`${text}\n`);
const settings: Settings = {
  rounds: whole('rounds', values.rounds),
  seconds: whole('seconds', values.seconds),
  warmSeconds: 5,
  say,
};

const root = process.env['VASE_STATE'] || join(import.meta.dirname, '..', '..', '.vase');
const folder = join(root, 'runs', `overload-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
await mkdir(folder, { recursive: true });
closeOnInterrupt();

const results: Results = {};
for (const part of values.part) {
  say(part);
  results[part] = await parts[part]!(settings).catch((error: unknown): PartResult => {
    const found = error instanceof Error ? error.message : String(error);
    return { runs: {}, claims: [{ what: 'the part can be measured', found, holds: false }], notes: [] };
  });
  await writeReport(folder, results);
}
say(`\n${describeTable(results)}\n`);
let broken = 0;
for (const [part, { claims }] of Object.entries(results)) {
  for (const { holds, what, found } of claims) {
    if (!holds) broken++;
    say(`${holds ? 'held  ' : 'BROKEN'} ${part}: ${what}: ${found}`);
  }
}
say(`Report: ${join(folder, 'report.md')}`);
process.exit(broken > 0 ? 1 : 0);
