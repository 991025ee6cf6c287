/**
 * Everything that a request can end in but success, as one status and one JSON body. The one place where outcomes become
 * HTTP: `definite` is true when the operation was provably not applied, and false only with 504.
 */
import type { FailureCode, Outcome } from '../core/operation.ts';

/** A refusal of the request itself. Thrown by codecs, answered by the app. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly code: string;
  readonly headers: readonly string[];

  /** @param headers names and values in turn, besides content-type and content-length. */
  constructor(status: number, code: string, message: string, headers: readonly string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const badRequest = (message: string) => new HttpError(400, 'bad_request', message);
export const tooLarge = (message: string) => new HttpError(413, 'too_large', message);

/** The body of every error. */
export function errorBody(error: { status: number; code: string; message: string }): {
  error: { code: string; message: string; definite: boolean };
} {
  const { status, code, message } = error;
  return { error: { code, message, definite: status !== 504 } };
}

const statusOfFailure: Record<FailureCode, number> = {
  condition_failed: 412,
  overloaded: 429,
  unavailable: 503,
  too_large: 413,
  refused: 503,
};

/** The error of an outcome that is not ok. */
export function outcomeError(outcome: Exclude<Outcome, { kind: 'ok' }>): HttpError {
  if (outcome.kind === 'unknown') return new HttpError(504, 'timeout', outcome.message);
  const status = statusOfFailure[outcome.code];
  const headers = status === 429 || status === 503 ? ['retry-after', '1'] : [];
  if (outcome.currentVersion) headers.push('etag', `"${outcome.currentVersion}"`);
  return new HttpError(status, outcome.code, outcome.message, headers);
}
