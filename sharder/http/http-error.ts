/**
 * Every end of a request but success, as one status and one JSON body. The only place where outcomes become HTTP:
 * `definite` is true when the operation was provably not applied.
 */
import type { FailureCode, Operation, Outcome } from '../core/operation.ts';

/** A refusal of the request itself. Thrown by codecs, answered by the app. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly code: string;
  readonly headers: readonly string[];
  /** False: it may have been applied. */
  readonly definite: boolean;

  /** @param headers names and values in turn, besides content-type and content-length. */
  constructor(
    status: number,
    code: string,
    message: string,
    headers: readonly string[] = [],
    definite = status !== 504,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.definite = definite;
  }
}

export const badRequest = (message: string) => new HttpError(400, 'bad_request', message);
export const tooLarge = (message: string) => new HttpError(413, 'too_large', message);

/** The body of every error. */
export function errorBody(error: { code: string; message: string; definite?: boolean }): {
  error: { code: string; message: string; definite: boolean };
} {
  const { code, message, definite = true } = error;
  return { error: { code, message, definite } };
}

const statusOfFailure: Record<FailureCode, number> = {
  condition_failed: 412,
  overloaded: 429,
  unavailable: 503,
  too_large: 413,
  refused: 503,
  no_space: 507,
  // Nobody is there to read it; the metrics count it.
  abandoned: 503,
};

/** The error of an outcome that is not ok. */
export function outcomeError(outcome: Exclude<Outcome, { kind: 'ok' }>): HttpError {
  if (outcome.kind === 'unknown') {
    return outcome.cause === 'no_space'
      ? new HttpError(507, 'no_space', outcome.message, [], false)
      : new HttpError(504, 'timeout', outcome.message);
  }
  const status = statusOfFailure[outcome.code];
  const headers = status === 429 || status === 503 ? ['retry-after', retryAfter(outcome.retryAfterMs)] : [];
  if (outcome.currentVersion) headers.push('etag', `"${outcome.currentVersion}"`);
  return new HttpError(status, outcome.code, outcome.message, headers);
}

/** Whole seconds, at least one. */
function retryAfter(milliseconds = 0): string {
  return String(Math.max(1, Math.ceil(milliseconds / 1000)));
}

/**
 * Whether a read or a delete found no such key: a delete's conditions count only where there is something to delete (RFC
 * 9110, section 13.2.1).
 */
export function isMissing({ kind }: Operation, outcome: Outcome): boolean {
  if (outcome.kind === 'failed')
    return kind === 'delete' && outcome.code === 'condition_failed' && outcome.currentVersion === null;
  if (outcome.kind === 'unknown') return false;
  const { result } = outcome;
  return (result.kind === 'get' && result.state === null) || (result.kind === 'delete' && !result.deleted);
}
