/** What the load's process is told, and what it tells. */

export type LoadOrder =
  | { kind: 'begin'; url: string; connections: number; keys: number; valueBytes: number }
  /** Requests per second of all connections together; 0: each sends as soon as it has its answer. */
  | { kind: 'rate'; perSecond: number }
  /** Ends the load; then every key is read once more. */
  | { kind: 'end' };

/** One second of the load. */
export interface LoadSecond {
  ok: number;
  /** Definitely not applied. */
  failed: number;
  /** May have been applied. */
  unknown: number;
  p50Ms: number;
  p99Ms: number;
  /** Of failures: the status or what became of the connection, and how often. */
  reasons: Record<string, number>;
}

export type LoadReport =
  | { kind: 'filled'; seconds: number }
  | { kind: 'second'; second: LoadSecond }
  /** `wrong`: reads that did not give what was acknowledged, a few of them in words. */
  | { kind: 'ended'; acknowledgedWrites: number; checkedReads: number; wrongCount: number; wrong: string[] };
