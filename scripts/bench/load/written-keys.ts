/**
 * The keys that this worker knows to be in the store: a put of theirs was acknowledged, and no workload deletes any. A get
 * that is sent after that and finds nothing shows that data were lost.
 */
import type { LoadRequest } from './requests.ts';
import { outcomeOfStatus, type RequestOutcome } from './window.ts';

/** How the original's routes answer that there is no such key, with status 200. It stands at the front of a short body. */
const missing = '"errorCode":100';

export class WrittenKeys {
  private readonly keys = new Set<number>();

  /** To be asked when the request is sent: whether its answer has to hold a value. */
  mustFind({ method, key }: LoadRequest): boolean {
    return method === 'GET' && this.keys.has(key);
  }

  /** How the answer to a request counts. `body`: of one that had to find a value, else null. */
  judge({ method, key }: LoadRequest, status: number, body: Buffer | string | null): RequestOutcome {
    const outcome = outcomeOfStatus(status);
    if (outcome === 'ok' && method === 'PUT') this.keys.add(key);
    return outcome === 'ok' && body?.includes(missing) ? 'failed' : outcome;
  }
}
