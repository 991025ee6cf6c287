/** What the parent and the load process tell each other, as plain data over the channel of the fork. */

/** Requests of one kind, which are counted together. */
export interface Stream {
  name: string;
  /** Its keys are `<prefix>0` … `<prefix>keys-1`. */
  prefix: string;
  keys: number;
  valueBytes: number;
  /** 1: a PUT of `/v1/kv/<key>`; else a batch of so many puts of one key. */
  batch: number;
}

/** Sends each stream at its fixed rate, whatever comes back. */
export interface OpenLoad {
  kind: 'open';
  streams: readonly (Stream & { ratePerSecond: number })[];
}

/** So many users, each of whom sends the next request when the last has been answered. */
export interface ClosedLoad {
  kind: 'closed';
  stream: Stream;
  users: number;
}

export interface LoadOrder {
  /** Such as "http://127.0.0.1:5000". */
  url: string;
  load: OpenLoad | ClosedLoad;
  /** What is due in the first so many seconds is sent, and not counted. */
  warmSeconds: number;
  seconds: number;
  /** Requests under way at a time; what is due beyond it is not sent, and counted as such. */
  openMax: number;
}

/** Of the requests that were due in the window. */
export interface StreamResult {
  due: number;
  /** Not sent, because too many were under way. */
  unsent: number;
  /** Answered with success within `goodMs` of the moment at which it was due. */
  good: number;
  /** By status, or by what became of the request instead: "ECONNRESET", "closed", "unanswered". */
  codes: Record<string, number>;
  /** From the moment at which it was due, of those answered with success; compressed, in microseconds. */
  histogram: string;
}

export interface LoadResult {
  streams: Record<string, StreamResult>;
  /** 99 of 100 requests were sent at most so long after they were due: the load process's own lateness. */
  lagP99Ms: number;
  /** Connections that were made. */
  connections: number;
}

export const goodMs = 1000;
