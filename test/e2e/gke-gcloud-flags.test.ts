// Every command that the flow for GKE can issue is given to gcloud itself. Its parser refuses an unknown command or flag
// with exit code 2 before it does anything else; a command that it accepts then fails for lack of a login, in an empty
// configuration, before any network call.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everyCommand, printedDeletions, publicTarget } from '../support/gke/every-command.ts';

const run = promisify(execFile);
const hasGcloud = await run('gcloud', ['--version'], { timeout: 60_000 }).then(
  () => true,
  () => false,
);

let configuration: string;
beforeAll(() => {
  configuration = mkdtempSync(join(tmpdir(), 'vase-gcloud-'));
});
afterAll(() => rmSync(configuration, { recursive: true, force: true }));

/** "accepted", or what the parser said. */
async function parse(args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: configuration,
    CLOUDSDK_CONFIG: configuration,
    KUBECONFIG: join(configuration, 'kubeconfig'),
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    // If a request were sent all the same, it would get no answer.
    HTTPS_PROXY: 'http://127.0.0.1:9',
  };
  try {
    await run('gcloud', [...args], { env, timeout: 60_000 });
    return 'accepted';
  } catch (error) {
    const { code, killed, stderr } = error as { code?: number | string; killed?: boolean; stderr: string };
    if (killed === true) throw new Error(`gcloud ${args.join(' ')} did not end`, { cause: error });
    return code === 1 ? 'accepted' : `exit code ${code}: ${stderr.trim()}`;
  }
}

/** Runs as many at a time as the smallest machine that runs the tests has cores. */
async function refusals(commands: readonly (readonly string[])[]): Promise<string[]> {
  const queue = [...commands];
  const refused: string[] = [];
  const work = async () => {
    for (let args = queue.shift(); args !== undefined; args = queue.shift()) {
      const verdict = await parse(args);
      if (verdict !== 'accepted') refused.push(`gcloud ${args.join(' ')}: ${verdict}`);
    }
  };
  await Promise.all([work(), work()]);
  return refused;
}

describe.skipIf(!hasGcloud)(
  `gcloud's own parser${hasGcloud ? '' : ' (skipped: gcloud is not installed)'}`,
  () => {
    test('takes every command of the flow', async () => {
      const commands = everyCommand(publicTarget);
      expect(commands.length).toBeGreaterThan(30);
      expect(await refusals(commands)).toEqual([]);
    });

    test('takes the commands that users are shown for what is left', async () => {
      const shown = await printedDeletions(publicTarget);
      expect(shown).toHaveLength(4);
      expect(await refusals(shown.map((line) => line.split(' ').slice(1)))).toEqual([]);
    });

    test('refuses a wrong flag, a wrong choice and a flag that is missing: this test can fail', async () => {
      const [create] = everyCommand(publicTarget).filter((args) =>
        args.join(' ').startsWith('container clusters create'),
      );
      const wrong = [
        [...create!, '--enable-everything'],
        create!.map((arg) => (arg.startsWith('--release-channel') ? '--release-channel=often' : arg)),
        ['artifacts', 'repositories', 'create', 'vase', '--location=europe-west1', '--quiet'],
      ];
      const refused = await refusals(wrong);
      expect(refused).toHaveLength(3);
      expect(refused.join('\n')).toMatch(/unrecognized arguments|Invalid choice|must be specified/);
    });
  },
);
