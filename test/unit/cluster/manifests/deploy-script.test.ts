import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deploymentFiles } from '../../../../cluster/manifests/deployment-files.ts';
import { writeDeploymentFolder } from '../../../../cluster/manifests/deployment-folder.ts';
import { CommandError } from '../../../../cluster/host/command-error.ts';
import { runCommand } from '../../../../cluster/host/run-command.ts';
import { blueprintOf } from './rendering.ts';

/** Stands in for kubectl: writes down each call, and says how many replicas the Deployment has. */
const recordingKubectl = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in *jsonpath*) printf '%s' "$REPLICAS" ;; esac
`;

describe('deploy.sh', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vase-deploy ü-'));
    await writeFile(path.join(folder, 'kubectl'), recordingKubectl);
    await chmod(path.join(folder, 'kubectl'), 0o755);
    const files = deploymentFiles(blueprintOf({ shards: 2, sharders: 3 }));
    await writeDeploymentFolder(path.join(folder, 'files'), files, { force: false });
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(args: string[], environment: Record<string, string> = {}) {
    const calls = path.join(folder, 'calls');
    const extraEnvironment = {
      PATH: `${folder}:/usr/bin:/bin`,
      CALLS: calls,
      REPLICAS: '1',
      CONTEXT: '',
      ...environment,
    };
    await writeFile(calls, '');
    const script = path.join(folder, 'files', 'deploy.sh');
    const result = await runCommand(script, args, { cwd: '/', extraEnvironment }).catch((error: unknown) => {
      if (error instanceof CommandError) return error.result;
      throw error;
    });
    const lines = (await readFile(calls, 'utf8')).split('\n').filter((line) => line !== '');
    return { ...result, calls: lines };
  }

  test('names its context in every call and applies every manifest, from any folder', async () => {
    const { exitCode, calls } = await run(['--context', 'here']);
    expect(exitCode).toBe(0);
    for (const call of calls) expect(call).toMatch(/^--context here /);
    const applied = calls.flatMap((call) => / apply .*-f .*\/(\S+\.yaml)$/.exec(call)?.[1] ?? []);
    const manifests = deploymentFiles(blueprintOf({ shards: 2 })).filter(({ name }) =>
      name.endsWith('.yaml'),
    );
    expect(applied).toEqual(manifests.map(({ name }) => name));
  });

  test('takes the context from CONTEXT, and without one refuses before it calls kubectl', async () => {
    expect((await run([], { CONTEXT: 'there' })).calls[0]).toMatch(/^--context there /);
    const { exitCode, stderr, calls } = await run([]);
    expect({ exitCode, calls }).toEqual({ exitCode: 2, calls: [] });
    expect(stderr).toMatch(/--context NAME/);
  });

  test.each([['--contxt'], ['--context']])('refuses %s with exit code 2', async (argument) => {
    expect(await run([argument])).toMatchObject({ exitCode: 2, calls: [] });
  });

  test('brings sharders up to the least, and never takes any away', async () => {
    const scaled = async (REPLICAS: string) =>
      (await run(['--context', 'here'], { REPLICAS })).calls.filter((call) => call.includes(' scale '));
    expect(await scaled('1')).toEqual([expect.stringContaining('--current-replicas=1 --replicas=3')]);
    expect(await scaled('9')).toEqual([]);
  });

  test('waits for every workload when asked to', async () => {
    const { calls } = await run(['--context', 'here', '--wait']);
    const waited = calls.flatMap((call) => /rollout status (\S+)/.exec(call)?.[1] ?? []);
    expect(waited).toEqual([
      'statefulset/etcd-1',
      'statefulset/etcd-2',
      'deployment/sharder',
      'deployment/view-server',
    ]);
  });

  test('explains itself', async () => {
    const { exitCode, stdout, calls } = await run(['--help']);
    expect({ exitCode, calls }).toEqual({ exitCode: 0, calls: [] });
    expect(stdout).toMatch(/^usage: deploy\.sh/);
  });
});
