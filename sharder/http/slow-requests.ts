/**
 * Logs one line for a request that took long, with where its time went, and no more lines than a person can read: the
 * next line gives the number of those left out.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { slowMs, type Spent } from '../core/client.ts';

/** In one second. */
const linesMax = 5;

const spentOnSocket = Symbol('where the time of the slow operation that ended last went');
type NotedSocket = Socket & { [spentOnSocket]?: Spent };

/** Of several operations on one connection the last is the one that its request waited for. */
export function noteSpent(socket: NotedSocket, spent: Spent): void {
  socket[spentOnSocket] = spent;
}

export interface EndedRequest {
  requestId: string;
  route: string;
  method: string;
  status: number;
}

export class SlowRequests {
  private readonly logger: Logger;
  private secondAtMs = -Infinity;
  private lines = 0;
  private leftOut = 0;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /** Whether there may be something to say: two comparisons. */
  concerns(response: ServerResponse, totalMs: number): boolean {
    const { socket } = response.req;
    return totalMs >= slowMs || (socket !== null && socket.writableLength > 0);
  }

  /** Logs a request whose answer was written at `endedAtMs`, if it was slow. */
  note(response: ServerResponse, startedAtMs: number, endedAtMs: number, request: EndedRequest): void {
    const socket: NotedSocket | null = response.req.socket;
    const totalMs = endedAtMs - startedAtMs;
    if (totalMs >= slowMs) {
      const spent = socket?.[spentOnSocket];
      const isOfThis = spent !== undefined && spent.endedAtMs >= startedAtMs;
      this.write(endedAtMs, { ...request, totalMs, ...(isOfThis ? partsOf(spent, startedAtMs) : {}) });
    }
    // Bytes that the client does not take wait in the socket.
    if (socket === null || socket.writableLength === 0 || response.writableFinished) return;
    response.once('close', () => {
      const sentAtMs = performance.now();
      const sendMs = sentAtMs - endedAtMs;
      if (sendMs >= slowMs) this.write(sentAtMs, { ...request, totalMs: sentAtMs - startedAtMs, sendMs });
    });
  }

  private write(nowMs: number, line: EndedRequest & Record<string, number | string>): void {
    if (nowMs >= this.secondAtMs + 1000) {
      this.secondAtMs = nowMs;
      this.lines = 0;
    }
    if (this.lines++ >= linesMax) {
      this.leftOut++;
      return;
    }
    const rounded = Object.entries(line).map(([name, value]) => [
      name,
      typeof value === 'number' ? Math.round(value) : value,
    ]);
    const leftOut = this.leftOut > 0 ? { leftOut: this.leftOut } : {};
    this.leftOut = 0;
    this.logger.warn({ ...Object.fromEntries(rounded), ...leftOut }, 'slow request');
  }
}

/** `bodyMs`: until the store had it, which is the time that the client took for its body. */
function partsOf({ shard, lane, queuedAtMs, laneMs, etcdMs }: Spent, startedAtMs: number) {
  return { bodyMs: Math.max(0, queuedAtMs - startedAtMs), shard, lane, laneMs, etcdMs };
}
