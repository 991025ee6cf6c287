/**
 * etcd's alarm NOSPACE: a member has reached its quota, and from then on the whole shard takes no writes, whatever is
 * deleted and however its quota grows, until somebody takes the alarm back.
 */
import { z } from 'zod';
import { callGateway } from './gateway.ts';

/** A defragmentation copies the database: seconds for each gigabyte. */
const defragmentMsMax = 120_000;
const askMsMax = 2000;
const alarmPath = '/v3/maintenance/alarm';

const answer = z.object({
  // Numbers of 64 bits are strings, and what is zero or empty is left out.
  alarms: z.array(z.object({ memberID: z.string(), alarm: z.string().optional() })).optional(),
});

/** @param url of any member of the shard, for its clients or for its metrics. False, too, where it does not say. */
export async function isOutOfSpace(url: string): Promise<boolean> {
  const isHealthy = async (path: string) => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(askMsMax) });
    await response.arrayBuffer();
    return response.ok;
  };
  try {
    // Not well, and well but for this alarm.
    return !(await isHealthy('/health')) && (await isHealthy('/health?exclude=NOSPACE'));
  } catch {
    return false;
  }
}

/** @param url of any member of the shard. @returns ids of the members that are out of room; null when it does not answer. */
export async function readSpaceAlarms(url: string): Promise<string[] | null> {
  try {
    const { alarms = [] } = answer.parse(
      await callGateway(url, { path: alarmPath, body: { action: 'GET' }, timeoutMs: askMsMax }),
    );
    return alarms.filter(({ alarm }) => alarm === 'NOSPACE').map(({ memberID }) => memberID);
  } catch {
    // Refused, reset, too slow, or no gateway: nothing is known.
    return null;
  }
}

/** @throws Error when the member does not do it. */
export async function takeBackSpaceAlarm(url: string, memberID: string): Promise<void> {
  const order = { action: 'DEACTIVATE', memberID, alarm: 'NOSPACE' };
  await callGateway(url, { path: alarmPath, body: order, timeoutMs: askMsMax });
}

/** Gives back what deleted and compacted keys have left. The member answers nothing else meanwhile. @throws Error */
export async function defragment(url: string): Promise<void> {
  await callGateway(url, { path: '/v3/maintenance/defragment', body: {}, timeoutMs: defragmentMsMax });
}
