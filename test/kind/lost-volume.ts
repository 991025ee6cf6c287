/**
 * A pod comes back on an empty volume, under load: it does not start, the other two of its shard go on, `up` names it and what
 * to type, and with its own volume back it is a member as before.
 */
import { expect, test } from 'vitest';
import type { Ended } from '../e2e/vase-command.ts';
import { report, type KindCommand } from './kind-machine.ts';

interface Cluster {
  vase: KindCommand;
  /** Runs `vase up` with the settings that the cluster has. */
  runUp: () => Promise<Ended>;
  underLoad: (body: () => Promise<void>) => Promise<void>;
}

const pollMs = 2000;
const newClaimMsMax = 60_000;

export function lostVolumeTest(cluster: () => Cluster): void {
  test('starts no member on an empty volume, serves without it, and takes it back with its own', async () => {
    const { vase, runUp, underLoad } = cluster();
    const startedMs = performance.now();
    const member = (await vase.provider.status()).shards[2]!.leader!;
    const claim = `persistentvolumeclaim/data-${member}`;
    const field = (path: string) => vase.kubectl('get', claim, '--output', `jsonpath={${path}}`);
    const volume = await field('.spec.volumeName');
    await underLoad(async () => {
      await renewClaim(vase, member);
      const { exitCode, stdout, stderr } = await runUp();
      expect({ exitCode, stderr: exitCode === 3 ? '' : stderr }).toEqual({ exitCode: 3, stderr: '' });
      expect(stdout).toContain(
        `the volume of ${member} is empty, and shard 3 has been formed: it would vote without what it has promised`,
      );
      expect(stdout).toContain(`Type: vase member replace ${member}`);
      const { problems, shards } = await vase.provider.status();
      expect(problems.map(({ fix }) => fix)).toEqual([`Type: vase member replace ${member}`]);
      expect(shards[2]!.hasQuorum).toBe(true);
      // Kept for the next claim of this name.
      const forget = ['uid', 'resourceVersion'].map((name) => ({
        op: 'remove',
        path: `/spec/claimRef/${name}`,
      }));
      await vase.kubectl(
        'patch',
        `persistentvolume/${volume}`,
        '--type=json',
        '--patch',
        JSON.stringify(forget),
      );
      await renewClaim(vase, member);
      expect((await runUp()).exitCode).toBe(0);
      expect(await field('.spec.volumeName')).toBe(volume);
    });
    report('kind without a volume, and with it again', performance.now() - startedMs);
  }, 600_000);
}

/**
 * Deletes the pod and its claim until there are others. A pod that is made while the claim is on its way out waits for that
 * one, so it is deleted again.
 */
async function renewClaim(vase: KindCommand, member: string): Promise<void> {
  const claim = `persistentvolumeclaim/data-${member}`;
  const uid = ['get', claim, '--ignore-not-found', '--output', 'jsonpath={.metadata.uid}'];
  const before = await vase.kubectl(...uid);
  await vase.kubectl('delete', claim, '--wait=false');
  await expect
    .poll(
      async () => {
        await vase.kubectl('delete', 'pod', member, '--grace-period=0', '--force', '--ignore-not-found');
        await new Promise((resolve) => setTimeout(resolve, pollMs));
        const now = await vase.kubectl(...uid);
        return now !== '' && now !== before;
      },
      { timeout: newClaimMsMax },
    )
    .toBe(true);
}
