/** The messages between the parent and a worker of the load generator, as plain data over the channel of the fork. */
import type { Workload } from '../records/run-data.ts';

/** The parent's first message: the load, with this worker's share of the users, keys and rate. */
export interface LoadOrder {
  kind: 'order';
  /** Base URLs, such as "http://127.0.0.1:5000"; users take them in turn. */
  urls: readonly string[];
  workload: Workload;
  /** This worker's users are firstUser … firstUser + users - 1 of all. */
  firstUser: number;
  users: number;
  /** Null for closed loops; else this worker's share of the rate. */
  ratePerSecond: number | null;
  /** Share of a period between two requests by which this worker's schedule is shifted against the others'. */
  phase: number;
  /** A request without an answer within this time has an unknown outcome. */
  timeoutSeconds: number;
  /** Length of the window. */
  seconds: number;
  /** The same seed draws the same keys. */
  seed: number;
  /** Writes each key once, and nothing else; ends when all are written. */
  fill: boolean;
}

export type ParentMessage = LoadOrder | { kind: 'start' } | { kind: 'measure' };

/** One second of the window, as one worker saw it. */
export interface WorkerSecond {
  second: number;
  failed: number;
  indefinite: number;
  /** Compressed; the latencies of the requests that were answered with success, in microseconds. */
  histogram: string;
}

export type WorkerMessage =
  | { kind: 'ready' }
  /** Every user has had an answer: all connections are accepted. */
  | { kind: 'warm' }
  | { kind: 'second'; second: WorkerSecond }
  /** The window is over and all requests that began in it are accounted for. */
  | { kind: 'done'; seconds: number; cpuSeconds: number }
  | { kind: 'filled'; written: number; failed: number };
