/**
 * etcd's alarms. NOSPACE: a member has reached its quota, and from then on the whole shard takes no writes, even when keys
 * are deleted or the quota grows. CORRUPT: a member has found that its data differ from another one's, and the whole shard
 * takes no writes. Either lasts until an operator disarms it.
 */
import { z } from 'zod';
import { callGateway } from './gateway.ts';

/** A defragmentation copies the database: seconds for each gigabyte. */
const defragmentMsMax = 120_000;
const askMsMax = 2000;
/** A hash reads all keys. */
const hashMsMax = 60_000;
const alarmPath = '/v3/maintenance/alarm';

export type AlarmKind = 'NOSPACE' | 'CORRUPT';

const answer = z.object({
  // Numbers of 64 bits are strings, and a zero or empty field is left out.
  alarms: z.array(z.object({ memberID: z.string(), alarm: z.string().optional() })).optional(),
});

const hashAnswer = z.object({ hash: z.number().optional(), compact_revision: z.string().optional() });

export interface ShardAlarms {
  isFull: boolean;
  isCorrupt: boolean;
}

export const noAlarms: ShardAlarms = { isFull: false, isCorrupt: false };

/** @param url of any member of the shard, for its clients or for its metrics. @returns no alarms, too, when it does not answer. */
export async function alarmsOf(url: string): Promise<ShardAlarms> {
  const isHealthyBut = async (...excluded: AlarmKind[]) => {
    const query = excluded.map((kind) => `exclude=${kind}`).join('&');
    const response = await fetch(`${url}/health?${query}`, { signal: AbortSignal.timeout(askMsMax) });
    await response.arrayBuffer();
    return response.ok;
  };
  try {
    // A member with an alarm is unhealthy, and healthy when these alarms are excluded.
    if ((await isHealthyBut()) || !(await isHealthyBut('NOSPACE', 'CORRUPT'))) return noAlarms;
    return { isFull: !(await isHealthyBut('CORRUPT')), isCorrupt: !(await isHealthyBut('NOSPACE')) };
  } catch {
    return noAlarms;
  }
}

/** @param url of any member of the shard. @returns ids of the members that raised it; null when it does not answer. */
export async function readAlarms(url: string, kind: AlarmKind): Promise<string[] | null> {
  try {
    const { alarms = [] } = answer.parse(
      await callGateway(url, { path: alarmPath, body: { action: 'GET' }, timeoutMs: askMsMax }),
    );
    return alarms.filter(({ alarm }) => alarm === kind).map(({ memberID }) => memberID);
  } catch {
    // The call was refused, reset or too slow, or there is no gateway: nothing is known.
    return null;
  }
}

/** @throws Error when the member does not disarm it. */
export async function takeBackAlarm(url: string, kind: AlarmKind, memberID: string): Promise<void> {
  const order = { action: 'DEACTIVATE', memberID, alarm: kind };
  await callGateway(url, { path: alarmPath, body: order, timeoutMs: askMsMax });
}

/** Frees the space of deleted and compacted keys. The member answers no other call meanwhile. @throws Error */
export async function defragment(url: string): Promise<void> {
  await callGateway(url, { path: '/v3/maintenance/defragment', body: {}, timeoutMs: defragmentMsMax });
}

export interface DataHash {
  hash: number;
  /** The hashes of two members can be compared only when this is the same. */
  compactRevision: string;
}

/** The hash of all that a member holds up to a revision. @throws Error when it does not answer, or has not reached the revision. */
export async function hashData(url: string, revision: number): Promise<DataHash> {
  const call = { path: '/v3/maintenance/hash', body: { revision: String(revision) }, timeoutMs: hashMsMax };
  const { hash = 0, compact_revision: compactRevision = '0' } = hashAnswer.parse(
    await callGateway(url, call),
  );
  return { hash, compactRevision };
}
