/**
 * `make bench-moves`: how quick moves are, beside one client that batches puts into the same destination, and for how long
 * slots are frozen, beside a write; on shards of one member and of three, in one run. What holds on other machines are the
 * ratios. Exit code 0 when every bound holds, 1 when not, 2 for a wrong use.
 */
import Table from 'cli-table3';
import { parseArgs } from 'node:util';
import { closeOnInterrupt } from '../resharding/open-clusters.ts';
import { type FreezeRound, measureFreezes } from './moves/measure-freezes.ts';
import { measureSpeed, type SpeedRound } from './moves/measure-speed.ts';
import { MoveBench } from './moves/move-bench.ts';
import { describeLimit, judge, type MovesRun, quantile } from './moves/verdict.ts';

const { values } = parseArgs({
  options: {
    members: { type: 'string', multiple: true, default: ['1', '3'] },
    rounds: { type: 'string', default: '3' },
    keys: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '10' },
  },
});
const valueBytes = 128;

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value <= max
    ? value
    : refuse(`${name} must be a whole number from 1 to ${max}, not ${text}`);
}

const rounds = whole('rounds', values.rounds, 100);
const keys = whole('keys', values.keys, 1_000_000);
const seconds = whole('seconds', values.seconds, 1000);
const sizes = values.members.map((text) =>
  text === '1' || text === '3' ? (Number(text) as 1 | 3) : refuse(`members ${text} is neither 1 nor 3`),
);
const say = (text: string) => void process.stdout.write(`${text}\n`);

async function run(members: 1 | 3): Promise<MovesRun> {
  const bench = await MoveBench.open({ members, keys, valueBytes });
  const speeds: SpeedRound[] = [];
  const freezes: FreezeRound[] = [];
  try {
    // What is done for the first time is slower.
    await bench.move('0-31', 2);
    await bench.move('0-31', 1);
    for (let round = 0; round < rounds; round++) {
      speeds.push(...(await measureSpeed(bench, { clientKeys: Math.ceil(keys / 2), valueBytes })));
      freezes.push(await measureFreezes(bench, { keys, valueBytes, seconds }));
    }
    return { members, speeds, freezes };
  } finally {
    await bench.close();
  }
}

function show({ members, speeds, freezes }: MovesRun): void {
  const head = ['members', 'to', 'keys', 'moved/s', 'one client/s', 'ratio', 'six under way/s', 'ratio'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { to, keys: moved, movedPerSecond, clientPerSecond, pipelinedPerSecond } of speeds) {
    table.push([
      members,
      `shard ${to}`,
      moved,
      Math.round(movedPerSecond),
      Math.round(clientPerSecond),
      (movedPerSecond / clientPerSecond).toFixed(2),
      Math.round(pipelinedPerSecond),
      (movedPerSecond / pipelinedPerSecond).toFixed(2),
    ]);
  }
  say(table.toString());
  const frozen = new Table({
    head: ['members', 'moves', 'frozen p50 ms', 'p99 ms', 'writes/s', 'p50 ms', 'p99 ms', 'ratio'],
    style: { head: [], border: [] },
  });
  for (const { frozenMs, write } of freezes) {
    frozen.push([
      members,
      frozenMs.length,
      quantile(frozenMs, 0.5).toFixed(1),
      quantile(frozenMs, 0.99).toFixed(1),
      Math.round(write.requestsPerSecond),
      write.p50Ms.toFixed(1),
      write.p99Ms.toFixed(1),
      (quantile(frozenMs, 0.99) / write.p50Ms).toFixed(2),
    ]);
  }
  say(frozen.toString());
}

closeOnInterrupt();
say(`2 shards, ${keys} keys, ${valueBytes}-byte values, ${rounds} round(s)`);
let broken = 0;
for (const members of sizes) {
  const result = await run(members);
  show(result);
  for (const { holds, text } of judge(result)) {
    if (!holds) broken++;
    say(`${holds ? 'held  ' : 'BROKEN'} ${text}`);
  }
  say(`${describeLimit(result)}\n`);
}
process.exit(broken > 0 ? 1 : 0);
