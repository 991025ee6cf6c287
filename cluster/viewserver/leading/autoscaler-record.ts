/**
 * What the autoscaler knows and has decided, in the home shard: the next leader goes on with it. Fields that
 * this version does not know stay as they are.
 */
import { asList, asObject } from '../../../sharder/core/record-fields.ts';
import type { AutoscalerMemory } from '../../resharding/plan/autoscaler.ts';

export const AUTOSCALER_KEY = 'vase/autoscaler';
/** Decisions that say something new; each is about half a kilobyte. */
const decisionsMax = 64;

export type AutoscalerRecord = Readonly<Record<string, unknown>>;

/** @param raw null: there is none. @throws Error when it is of another format. */
export function decodeAutoscaler(raw: unknown): AutoscalerRecord {
  if (raw === null) return { format: 1 };
  const record = asObject(raw, 'autoscaler');
  if (record['format'] !== 1)
    throw new Error(`the autoscaler's record has format ${String(record['format'])}; this knows 1`);
  return record;
}

/** Oldest first. */
export function decisionsOf(record: AutoscalerRecord): unknown[] {
  return asList(record['decisions'] ?? [], 'decisions');
}

/** A field that is absent, or is no number, is taken from `fallback`. */
export function memoryOf(record: AutoscalerRecord, fallback: AutoscalerMemory): AutoscalerMemory {
  const raw = asObject(record['memory'] ?? {}, 'memory');
  const number = (value: unknown) => (typeof value === 'number' ? value : null);
  const [addition] = entriesOf([raw['addition']], ['shards', 'rate', 'p95Ms', 'atMs']);
  return {
    quietUntilMs: number(raw['quietUntilMs']) ?? fallback.quietUntilMs,
    removedAtMs: number(raw['removedAtMs']),
    calmNeeded: number(raw['calmNeeded']) ?? fallback.calmNeeded,
    brokenRates: entriesOf(asList(raw['brokenRates'] ?? [], 'broken rates'), ['shards', 'rate', 'atMs']),
    addition: addition ?? null,
  };
}

/** The record with the last decision, and the memory at that time. */
export function withDecision(
  record: AutoscalerRecord,
  { memory, decision }: { memory: AutoscalerMemory; decision: object },
): AutoscalerRecord {
  const before = asObject(record['memory'] ?? {}, 'memory');
  return {
    ...record,
    memory: { ...before, ...memory },
    decisions: [...decisionsOf(record), decision].slice(-decisionsMax),
  };
}

/** The entries that have all of these numbers. */
function entriesOf<Name extends string>(list: unknown[], names: readonly Name[]): Record<Name, number>[] {
  return list.flatMap((raw) => {
    const entry = (raw ?? {}) as Record<string, unknown>;
    if (!names.every((name) => typeof entry[name] === 'number')) return [];
    return [Object.fromEntries(names.map((name) => [name, entry[name]])) as Record<Name, number>];
  });
}
