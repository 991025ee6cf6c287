/** Every failure of a request to the view server, as one status and one JSON body. */
import { HttpError } from '../../../sharder/http/http-error.ts';
import { ClusterError } from '../../errors.ts';
import { RefusedError } from '../../resharding/plan/refused-error.ts';
import { UnavailableError } from '../../resharding/records/unavailable-error.ts';

/** Other refusals are conflicts with the present state: 409. */
const statuses: Readonly<Record<string, number>> = {
  'unknown-shard': 404,
  'unknown-move': 404,
  'bad-weights': 400,
};

/**
 * Null for a programmer's error. A change that met an unreachable shard may have been recorded: 504, not definite. A retry
 * with the same `idempotency-key` makes the change once.
 */
export function asHttpError(error: unknown, isChange: boolean): HttpError | null {
  if (error instanceof HttpError) return error;
  if (error instanceof RefusedError)
    return new HttpError(statuses[error.code] ?? 409, error.code, error.message);
  if (error instanceof UnavailableError || error instanceof ClusterError)
    return isChange
      ? new HttpError(504, 'timeout', error.message)
      : new HttpError(503, 'unavailable', error.message, ['retry-after', '1']);
  return null;
}
