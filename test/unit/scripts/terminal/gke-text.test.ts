// The command that a plan tells to paste: it must do what was planned, with each setting that was given.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTarget } from '../../../../cluster/providers/gke/resources/target.ts';
import { runCommand } from '../../../../cluster/host/run-command.ts';
import { describeRemovals, type Given } from '../../../../scripts/terminal/gke-text.ts';

const place = { project: 'my-project', region: 'europe-west1' };
const nothing = { planned: [{ title: 'a cluster', commands: [] }], leftovers: [] };

function told(target: Parameters<typeof parseTarget>[0], given?: Given): string {
  return /To do it: (.*)$/.exec(describeRemovals(parseTarget(target), nothing, given))![1]!;
}

test('what was not given is not in it', () => {
  expect(told({ ...place, name: 'vase' })).toBe(
    'make destroy-gke PROJECT=my-project REGION=europe-west1 CONFIRM=my-project',
  );
});

test('each setting that was given is in it, and comes through the Makefile', async () => {
  const size = { SHARDS: 4, MEMBERS: 5, SHARDERS: 6, TOPOLOGY: "my 'own'.yaml" };
  const environment = { VASE_STATE: '/a b', VASE_SHARDS: '9', PATH: '/bin', VASE_MEMBERS: '' };
  const exposed = { ...place, name: 'other', expose: 'public', allow: '203.0.113.0/24,198.51.100.7/32' };
  const line = told(exposed, { size, environment });
  const settings =
    'NAME=other EXPOSE=public ALLOW=203.0.113.0/24,198.51.100.7/32 SHARDS=4 MEMBERS=5 SHARDERS=6';
  expect(line).toBe(
    `make destroy-gke PROJECT=my-project REGION=europe-west1 ${settings} TOPOLOGY='my '\\''own'\\''.yaml'` +
      " CONFIRM=my-project VASE_SHARDS=9 VASE_STATE='/a b'",
  );
});

test.each(['deploy-gke', 'destroy-gke'])('`make %s` hands every setting on', async (goal) => {
  const variables = [
    'PROJECT=p',
    'REGION=r',
    'NAME=n',
    'CONFIRM=c',
    'SHARDS=1',
    'TOPOLOGY=a b',
    'EXPOSE=e',
    'ALLOW=w',
  ];
  const checkout = join(import.meta.dirname, '..', '..', '..', '..');
  const { stdout } = await runCommand('make', ['--dry-run', goal, ...variables], { cwd: checkout });
  const line = stdout.trimEnd().split('\n').at(-1)!.replaceAll(/ +/g, ' ');
  expect(line).toContain(`vase.js ${goal} --project 'p' --region 'r' --name 'n' --confirm 'c'`);
  if (goal === 'deploy-gke') expect(line).toContain("--expose 'e' --allow 'w' --shards 1 --topology 'a b'");
});
