/** Checks the bodies of requests: a 400 names the error in one sentence. */
import { z } from 'zod';
import { present } from '../../../sharder/core/invariant.ts';
import { badRequest } from '../../../sharder/http/http-error.ts';
import { UsageError } from '../../errors.ts';
import { parseSlotList } from '../../records/slot-list.ts';

const shardId = z.int().min(1).max(1_000_000);
const dryRun = z.boolean().default(false);

export const addShards = z.strictObject({ count: z.int().min(1).max(16).default(1), dryRun });
export const removeShard = z.strictObject({ dryRun });
export const rebalance = z.strictObject({
  /** By shard id. */
  weights: z
    .record(z.string().regex(/^[1-9][0-9]{0,6}$/), z.number().min(0).max(1000))
    .nullable()
    .default(null),
  dryRun,
});
export const moveSlots = z.strictObject({
  /** "0-99,200" */
  slots: z.string().max(8000),
  to: shardId,
  dryRun,
});

/** @throws HttpError 400 */
export function parseRequest<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = present(result.error.issues[0], 'what is wrong with a request');
  throw badRequest(`${issue.path.join('.') || 'the body'}: ${issue.message}`);
}

/** @throws HttpError 400 */
export function parseSlots(text: string): number[] {
  try {
    return parseSlotList(text);
  } catch (error) {
    if (error instanceof UsageError) throw badRequest(error.message);
    throw error;
  }
}
