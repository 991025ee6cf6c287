/** How a call ended, in words for a reason. */
import type { CallOutcome } from '../../../sharder/core/shard-client.ts';

export function describe(outcome: CallOutcome): string {
  if (outcome.kind === 'reply' || outcome.kind === 'reply_too_large') return outcome.kind;
  return `${outcome.kind}: ${outcome.message}`;
}
