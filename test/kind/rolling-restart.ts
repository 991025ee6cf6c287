/** A rolling restart of all sharders, as a new version brings one, under load from connections that are kept. */
import { expect, test } from 'vitest';
import { KeptLoad } from '../support/kept-load.ts';
import type { KindCommand } from './kind-machine.ts';

/** Clients that came to a node before it knew of the new pods. */
const settleMs = 3000;

export function rollingRestartTest(cluster: () => { vase: KindCommand; endpoint: string }): void {
  test('leaves no request of 16 kept connections unanswered when all its sharders are restarted', async () => {
    const { vase, endpoint } = cluster();
    const pods = async () => {
      const selector = ['--selector', 'app.kubernetes.io/component=sharder'];
      return (await vase.kubectl('get', 'pods', ...selector, '--output', 'name')).trim().split('\n');
    };
    const before = await pods();
    const load = new KeptLoad(endpoint);
    await vase.kubectl('rollout', 'restart', 'deployment/sharder');
    await vase.kubectl('rollout', 'status', 'deployment/sharder', '--timeout=200s');
    // The old pods are on their way out until now.
    await expect
      .poll(async () => (await pods()).filter((pod) => before.includes(pod)), { timeout: 90_000 })
      .toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const { lost, statuses, answered, told } = await load.stop();
    // A new sharder that a busy machine starts slowly may say 429: that is an answer, and nothing was applied.
    const { 204: written = 0, 429: refused = 0 } = statuses;
    expect({ lost, others: answered - written - refused }, JSON.stringify(statuses)).toEqual({
      lost: [],
      others: 0,
    });
    expect(refused).toBeLessThan(answered / 100);
    expect(told).toBeGreaterThanOrEqual(16);
    expect(answered).toBeGreaterThan(100);
  });
}
