/** When a shard changed its leader, as its members report it: the only effect of a change of members that a client may notice. */
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 40;
const answerMsMax = 1000;
/** After the new leader is known, a client of the earlier one may need this long to learn of it. */
const learnMs = 1000;

interface Seen {
  leader: string;
  raftTerm: string;
}

/**
 * Follows the leader until `until` is aborted.
 * @param endpoints "host:port" of the current members.
 * @param note gets each change: it begins at the last look at which the earlier one was leader.
 */
export async function followLeader(
  endpoints: () => Promise<string[]>,
  note: (agoMs: number, forMs: number) => void,
  until: AbortSignal,
): Promise<void> {
  let before: { leader: string; atMs: number } | null = null;
  while (!until.aborted) {
    const atMs = performance.now();
    const answers = (await Promise.all((await endpoints()).map(ask))).filter((answer) => answer !== null);
    const [newest] = answers
      .filter(({ leader }) => leader !== '0')
      .toSorted((a, b) => Number(b.raftTerm) - Number(a.raftTerm));
    if (newest !== undefined) {
      const leader = `${newest.leader} in term ${newest.raftTerm}`;
      if (before !== null && before.leader !== leader) note(performance.now() - before.atMs, learnMs);
      before = { leader, atMs };
    }
    await delay(pollMs);
  }
}

async function ask(endpoint: string): Promise<Seen | null> {
  try {
    const response = await fetch(`http://${endpoint}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(answerMsMax),
    });
    const { leader = '0', raftTerm = '0' } = (await response.json()) as Partial<Seen>;
    return { leader, raftTerm };
  } catch {
    return null;
  }
}
