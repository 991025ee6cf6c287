/** Large replies count against the budget of replies, in bytes on the wire, until they have left. */
import { tooLarge } from './http-error.ts';
import type { Budgets, RouteRequest } from './context.ts';
import { overloaded } from './read-body.ts';
import { type Body, type Reply, replyBytes } from './reply.ts';

/** Replies from this size on are held. */
export const largeReplyBytes = 64 * 1024;
/** No reply is longer. */
export const replyBytesMax = 8 * 1024 * 1024;

/**
 * The reply if there is room for it; else, for a request that has written, its brief form. Each connection is a party of its
 * own, because a reply waits for a client that does not read.
 * @throws HttpError 413 for one that never fits, 429 when there is no room.
 */
export function held(routed: RouteRequest, { replies }: Pick<Budgets, 'replies'>, reply: Reply): Reply {
  const bytes = isSmall(reply) || reply.hold ? 0 : replyBytes(reply);
  if (bytes < largeReplyBytes) return reply;
  const fitting = Math.min(replyBytesMax, replies.largestBytes);
  const hold = bytes > fitting ? null : replies.take(routed.lifetime, routed.connection, bytes);
  if (hold !== null) return { ...reply, body: withoutSurplus(reply.body), hold };
  if (reply.brief) return reply.brief();
  if (bytes > fitting) throw tooLarge(`the answer has ${bytes} bytes; at most ${fitting} are sent`);
  throw overloaded('too many large replies are under way');
}

/** Without measuring it: a UTF-16 unit takes 3 bytes at most. */
function isSmall({ body }: Reply): boolean {
  return body === null || (typeof body === 'string' && body.length * 3 < largeReplyBytes);
}

/**
 * Encodes a string once. A value shares the memory of the whole reply of etcd, which can be a hundred times as long and
 * stays in memory as long as the value does: a reply that waits for its client then gets a copy.
 */
function withoutSurplus(body: Body): Body {
  if (typeof body === 'string') return Buffer.from(body);
  if (!(body instanceof Uint8Array) || body.buffer.byteLength <= 2 * body.length) return body;
  return Uint8Array.from(body);
}
