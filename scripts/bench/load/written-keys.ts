/**
 * The keys that this worker knows to be in the store: a put of each was acknowledged, and no workload deletes keys. A get
 * that is sent later and finds no value shows that data were lost.
 */
import type { LoadRequest } from './requests.ts';
import { outcomeOfStatus, type RequestOutcome } from './window.ts';

/** The original's routes answer so, with status 200, when there is no such key. It is at the front of a short body. */
const missing = '"errorCode":100';

export class WrittenKeys {
  private readonly keys = new Set<number>();

  /** Called when the request is sent: whether its answer has to hold a value. */
  mustFind({ method, key }: LoadRequest): boolean {
    return method === 'GET' && this.keys.has(key);
  }

  /** How the answer to a request counts. `body`: of a request that had to find a value, else null. */
  judge({ method, key }: LoadRequest, status: number, body: Buffer | string | null): RequestOutcome {
    const outcome = outcomeOfStatus(status);
    if (outcome === 'ok' && method === 'PUT') this.keys.add(key);
    return outcome === 'ok' && body?.includes(missing) ? 'failed' : outcome;
  }
}
