/** How requests to Kubernetes fail: a refusal by the API server, or no answer, in words. */
import { ClusterError } from '../errors.ts';

/** The API server refused a request. */
export class KubernetesRefusal extends ClusterError {
  override name = 'KubernetesRefusal';
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string, cause: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** The API server's reason for its refusal. */
export function sayWhy({ code, body: raw }: { code: number; body: unknown }): string {
  let body = raw;
  if (typeof body === 'string') {
    try {
      body = JSON.parse(body);
    } catch {
      return `${code} ${String(raw).slice(0, 300)}`;
    }
  }
  const message = (body as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : `status ${code}`;
}

/** Why no answer came. @param answerMsMax how long the request has waited. */
export function describeCause(error: unknown, answerMsMax: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${answerMsMax / 1000} s`;
  const code =
    (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code ?? firstLine(error.cause ?? error);
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
