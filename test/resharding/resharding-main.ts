/**
 * `make test-resharding`: what takes too long for every day. Grows and shrinks a cluster under load without and with faults,
 * kills the view server in each phase, and lets the autoscaler scale. The report is left in runs/ of the state folder.
 * Exit code 0 when everything that is claimed holds, 1 when not, 2 for a wrong use.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { growAndShrink } from './grow-and-shrink.ts';
import { killInPhases } from './kill-in-phases.ts';
import { closeOnInterrupt } from './open-clusters.ts';
import { scaleByLatency } from './scale-by-latency.ts';
import { writeReport, type Results } from './report.ts';

const parts = ['calm', 'unthrottled', 'faults', 'crashes', 'scaling'] as const;

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: [...parts] },
    keys: { type: 'string', default: '100000' },
    connections: { type: 'string', default: '100' },
    rate: { type: 'string', default: '300' },
    members: { type: 'string', default: '1' },
    baseline: { type: 'string', default: '20' },
  },
});
const unknown = values.part.find((part) => !parts.some((known) => known === part));
if (unknown !== undefined) {
  process.stderr.write(`part ${unknown} is not one of ${parts.join(', ')}\n`);
  process.exit(2);
}

if (values.members !== '1' && values.members !== '3') {
  process.stderr.write(`members ${values.members} is neither 1 nor 3\n`);
  process.exit(2);
}
const members = values.members === '1' ? 1 : 3;

const checkout = join(import.meta.dirname, '..', '..');
const root = process.env['VASE_STATE'] || join(checkout, '.vase');
const folder = join(root, 'runs', `resharding-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
await mkdir(folder, { recursive: true });
const say = (text: string) => void process.stdout.write(`${text}\n`);
const settings = {
  folder,
  keys: Number(values.keys),
  connections: Number(values.connections),
  requestsPerSecond: Number(values.rate),
  baselineSeconds: Number(values.baseline),
  say,
};
closeOnInterrupt();
const results: Results = {};
const wants = (part: (typeof parts)[number]) => values.part.includes(part);
const calm = { ...settings, members, withFaults: false } as const;
if (wants('calm')) results.calm = await growAndShrink({ ...calm, name: 'calm', keysPerSecond: null });
if (wants('unthrottled'))
  results.unthrottled = await growAndShrink({ ...calm, name: 'unthrottled', keysPerSecond: 0 });
const struck = { ...settings, members: 3, withFaults: true } as const;
if (wants('faults')) results.faults = await growAndShrink({ ...struck, name: 'faults', keysPerSecond: null });
if (wants('crashes')) results.crashes = await killInPhases(say);
if (wants('scaling')) results.scaling = await scaleByLatency(say);
const claims = await writeReport(folder, results);
for (const { what, found, holds } of claims) say(`${holds ? 'ok  ' : 'FAIL'}  ${what}: ${found}`);
say(`Report: ${join(folder, 'report.md')}`);
process.exit(claims.every(({ holds }) => holds) ? 0 : 1);
