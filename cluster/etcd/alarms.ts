/**
 * etcd's alarms. NOSPACE: a member has reached its quota, and from then on the whole shard takes no writes, whatever is
 * deleted and however its quota grows. CORRUPT: a member has found that its data differ from another one's, and the whole
 * shard takes no writes. Either lasts until somebody takes it back.
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
  // Numbers of 64 bits are strings, and what is zero or empty is left out.
  alarms: z.array(z.object({ memberID: z.string(), alarm: z.string().optional() })).optional(),
});

const hashAnswer = z.object({ hash: z.number().optional(), compact_revision: z.string().optional() });

export interface ShardAlarms {
  isFull: boolean;
  isCorrupt: boolean;
}

export const noAlarms: ShardAlarms = { isFull: false, isCorrupt: false };

/** @param url of any member of the shard, for its clients or for its metrics. None, too, where it does not say. */
export async function alarmsOf(url: string): Promise<ShardAlarms> {
  const isHealthyBut = async (...excluded: AlarmKind[]) => {
    const query = excluded.map((kind) => `exclude=${kind}`).join('&');
    const response = await fetch(`${url}/health?${query}`, { signal: AbortSignal.timeout(askMsMax) });
    await response.arrayBuffer();
    return response.ok;
  };
  try {
    // Not well, and well but for these alarms.
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
    // Refused, reset, too slow, or no gateway: nothing is known.
    return null;
  }
}

/** @throws Error when the member does not do it. */
export async function takeBackAlarm(url: string, kind: AlarmKind, memberID: string): Promise<void> {
  const order = { action: 'DEACTIVATE', memberID, alarm: kind };
  await callGateway(url, { path: alarmPath, body: order, timeoutMs: askMsMax });
}

/** Gives back what deleted and compacted keys have left. The member answers nothing else meanwhile. @throws Error */
export async function defragment(url: string): Promise<void> {
  await callGateway(url, { path: '/v3/maintenance/defragment', body: {}, timeoutMs: defragmentMsMax });
}

export interface DataHash {
  hash: number;
  /** Hashes of two members say something of their data only where this is the same. */
  compactRevision: string;
}

/** Of all that a member holds up to a revision. @throws Error when it does not answer, or is not there yet. */
export async function hashData(url: string, revision: number): Promise<DataHash> {
  const call = { path: '/v3/maintenance/hash', body: { revision: String(revision) }, timeoutMs: hashMsMax };
  const { hash = 0, compact_revision: compactRevision = '0' } = hashAnswer.parse(
    await callGateway(url, call),
  );
  return { hash, compactRevision };
}
