/** What a client may conclude from the store's answer, in the checker's terms. */
import type { Action, Outcome, Scalar } from '../../sim/checker/history/operation.ts';
import type { Answer } from './store-caller.ts';

/**
 * - A 404 of a get or a delete observes that the key is missing, and a 412 of a cas that it has another value.
 * - An error with `"definite":true` was certainly not applied. Any other answer leaves the operation open: 504, a body
 *   that is not Vase's, a connection that broke once something may have been sent.
 */
export function learnOutcome(action: Action, answer: Answer): Outcome {
  switch (answer.kind) {
    case 'not_sent':
      return { kind: 'fail' };
    case 'lost':
      return { kind: 'open' };
    case 'reply':
      return fromReply(action, answer);
  }
}

function fromReply(action: Action, reply: Extract<Answer, { kind: 'reply' }>): Outcome {
  const { status, body } = reply;
  if (status === 200 || status === 201 || status === 204) return fromSuccess(action, reply);
  const isDefinite = errorOf(body)?.['definite'] === true;
  if (!isDefinite) return { kind: 'open' };
  if (status === 404 && action.kind === 'get') return { kind: 'ok', value: null };
  if (status === 404 && action.kind === 'delete') return { kind: 'ok', removed: false };
  if (status === 412 && action.kind === 'cas') return { kind: 'mismatch' };
  return { kind: 'fail' };
}

function fromSuccess(action: Action, { headers, body }: Extract<Answer, { kind: 'reply' }>): Outcome {
  const found = versionOf(headers);
  const version = found === null ? {} : { version: found };
  switch (action.kind) {
    case 'get':
      return { kind: 'ok', value: decodeValue(body), ...version };
    case 'delete':
      return { kind: 'ok', removed: true, ...version };
    case 'put':
    case 'cas':
    case 'append':
      return { kind: 'ok', ...version };
  }
}

/** This run did not write a body that is no number: it stays unchanged, and the checker refuses it. */
function decodeValue(body: string): Scalar {
  return /^\d{1,15}$/.test(body) ? Number(body) : body;
}

function versionOf(headers: Readonly<Record<string, string | undefined>>): number | null {
  const version = /^"(\d{1,15})"$/.exec(headers['etag'] ?? '')?.[1];
  return version === undefined ? null : Number(version);
}

function errorOf(body: string): Record<string, unknown> | null {
  try {
    return (JSON.parse(body) as { error?: Record<string, unknown> } | null)?.error ?? null;
  } catch {
    return null;
  }
}
