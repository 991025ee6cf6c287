/**
 * A pod comes back on an empty volume, under load: it does not start, the other two of its shard go on, `up` names it and what
 * to type, and that one command puts a new member in its place.
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

/** Takes two minutes: CI's short form leaves it out. */
export function lostVolumeTest({ cluster, isShort }: { cluster: () => Cluster; isShort: boolean }): void {
  test.skipIf(isShort)(
    'starts no member on an empty volume, serves without it, and replaces it by one command',
    async () => {
      const { vase, runUp, underLoad } = cluster();
      const startedMs = performance.now();
      const member = (await vase.provider.status()).shards[2]!.leader!;
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
        const replaced = await vase.run(['member', 'replace', member]);
        expect(replaced, replaced.stderr).toMatchObject({
          exitCode: 0,
          stdout: expect.stringContaining(`${member} is a member of etcd-3 again, and has all data of it.`),
        });
        expect((await runUp()).exitCode).toBe(0);
      });
      const list = await vase.run(['member', 'list', '--json']);
      const { members } = JSON.parse(list.stdout) as { members: { name: string; role: string }[] };
      expect(members.find(({ name }) => name === member)!.role).toMatch(/leader|follower/);
      report('kind without a volume, and with the member replaced', performance.now() - startedMs);
    },
    600_000,
  );
}

/**
 * Deletes the pod and its claim until there are others. A pod that is made while the claim is on its way out waits for that
 * one, so it is deleted again.
 */
export async function renewClaim(vase: KindCommand, member: string): Promise<void> {
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
