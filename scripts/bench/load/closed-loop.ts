/**
 * Users in closed loops, by autocannon: each sends a request, waits for the answer, sends the next. Autocannon opens
 * the connections, builds requests and parses answers. This file takes times and outcomes: autocannon goes on silently when
 * a server closes a connection, and from then on measures each answer from the request before.
 */
import autocannon, { type Client, type Instance } from 'autocannon';
import type { LoadOrder } from './load-order.ts';
import { type LoadRequest, requestSource } from './requests.ts';
import type { Window } from './window.ts';
import { WrittenKeys } from './written-keys.ts';

/** Requests that a user repeats: enough that all users together have the workload's distribution. */
const requestsPerUser = 200;
/** The window ends the load; this only bounds it. */
const secondsMax = 24 * 3600;

/**
 * Starts the loops; they go on until `stop`.
 * @param onWarm called when every user has had an answer. A busy Node.js accepts one connection in each turn of its loop,
 *   so some of 500 users wait for many seconds before they are let in; the measurement must not include that.
 */
export function startClosedLoop(order: LoadOrder, window: Window, onWarm: () => void): { stop(): void } {
  let waiting = order.users;
  const written = new WrittenKeys();
  const onFirstAnswer = () => {
    waiting--;
    if (waiting === 0) onWarm();
  };
  const instances = order.urls.flatMap((url, index): Instance[] => {
    const users = shareOf(order.users, order.urls.length, index);
    if (users.length === 0) return [];
    let next = 0;
    return [
      autocannon(
        {
          url,
          connections: users.length,
          duration: secondsMax,
          timeout: order.timeoutSeconds,
          setupClient: (client) => {
            const user = order.firstUser + users[next++]!;
            const requests = drawRequests(order, user);
            client.setRequests(requests);
            watchUser(client, requests, { window, written });
            client.once('response', onFirstAnswer);
          },
        },
        () => undefined,
      ),
    ];
  });
  return {
    stop: () => {
      for (const instance of instances) instance.stop();
    },
  };
}

function shareOf(users: number, parts: number, part: number): number[] {
  return Array.from({ length: users }, (_, user) => user).filter((user) => user % parts === part);
}

function drawRequests(order: LoadOrder, user: number): LoadRequest[] {
  const source = requestSource(order.workload, { user, seed: order.seed });
  return Array.from({ length: requestsPerUser }, source);
}

/**
 * When a request is sent while another has no answer, the other's connection was lost, and autocannon has made a new one.
 * Refused connections are definite failures, since nothing was sent on them. Autocannon does not say which request it
 * sends, but it sends them in their order, over and over.
 */
function watchUser(
  client: Client,
  requests: readonly LoadRequest[],
  { window, written }: { window: Window; written: WrittenKeys },
): void {
  let sent = 0;
  let request = requests[0]!;
  let sentAtMs: number | null = null;
  let refused = false;
  let mustFind = false;
  let body: Buffer | null = null;
  const events: NodeJS.EventEmitter = client;
  events.on('request', () => {
    const nowMs = performance.now();
    if (sentAtMs !== null) window.count(nowMs, refused ? 'failed' : 'indefinite', nowMs - sentAtMs);
    sentAtMs = nowMs;
    refused = false;
    request = requests[sent++ % requests.length]!;
    mustFind = written.mustFind(request);
    body = null;
  });
  events.on('connError', (error: NodeJS.ErrnoException) => {
    refused = error.syscall === 'connect';
  });
  events.on('body', (chunk: Buffer) => {
    if (mustFind) body ??= chunk;
  });
  client.on('response', (status) => {
    if (sentAtMs === null) return;
    const nowMs = performance.now();
    window.count(nowMs, written.judge(request, status, body), nowMs - sentAtMs);
    sentAtMs = null;
  });
}
