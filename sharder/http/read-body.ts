/** Reads a request's body into one buffer, bounded by its route and, over all requests, by the budget of bodies. */
import type { IncomingMessage } from 'node:http';
import { BodyBuffer } from './body-buffer.ts';
import type { Budgets, RouteRequest } from './context.ts';
import { askForBody } from './expect-continue.ts';
import { badRequest, HttpError, tooLarge } from './http-error.ts';
import { JsonScanner, type JsonBounds } from './json-scanner.ts';
import type { Resource } from './lifetime.ts';
import type { Hold, MemoryBudget } from './memory-budget.ts';

/**
 * The parties that hold bodies while they are read: large bodies, however slowly they come, leave room for small ones. The
 * bytes of small bodies are given back once the store has their operations, whose lanes count bytes.
 */
const smallBodies = 'small-bodies';
const largeBodies = 'large-bodies';
export const largeBodyBytes = 64 * 1024;

export interface Body {
  bytes: Buffer;
  /** What is held for it; null for one that came whole in one piece and is small. */
  hold: Hold | null;
}

/**
 * The whole body.
 * @param json bounds of a body that is to be parsed; refused as soon as they are passed.
 * @throws HttpError 413 when it is too long or has too many parts, 429 when the budget is spent, 400 when the client
 *   breaks off.
 */
export function readBody(
  routed: RouteRequest,
  bytesMax: number,
  { bodies }: Pick<Budgets, 'bodies'>,
  json: JsonBounds | null = null,
): Promise<Body> {
  const { request } = routed;
  // For a request without a body, the server's setting suppresses the end event: there is nothing to wait for.
  if (hasNoBody(request)) return Promise.resolve({ bytes: Buffer.alloc(0), hold: null });
  return new Promise((resolve, reject) => {
    const length = request.headers['content-length'];
    const declared = length === undefined ? bytesMax : Number(length);
    if (declared > bytesMax) {
      reject(tooLarge(`the body has ${declared} bytes; at most ${bytesMax} are allowed`));
      return;
    }
    if (length !== undefined && declared > bodies.largestBytes) {
      reject(tooLarge(`a body of ${declared} bytes never fits in the ${bodies.limitBytes} for all of them`));
      return;
    }
    const settled: Settled = { resolve, reject };
    new BodyReader(routed, { declared, bytesMax, bodies, json }, settled).start();
  });
}

interface Settled {
  resolve(body: Body): void;
  reject(error: HttpError): void;
}

interface Bounds {
  declared: number;
  bytesMax: number;
  bodies: MemoryBudget;
  json: JsonBounds | null;
}

/** One object for each body, and no closure that it does not need: most writes are one small piece. */
class BodyReader implements Resource {
  private readonly routed: RouteRequest;
  private readonly bounds: Bounds;
  private readonly settled: Settled;
  private readonly scanner: JsonScanner | null;
  private whole: Buffer | null = null;
  private buffer: BodyBuffer | null = null;
  private received = 0;
  private hold: Hold | null = null;
  private isSettled = false;

  constructor(routed: RouteRequest, bounds: Bounds, settled: Settled) {
    this.routed = routed;
    this.bounds = bounds;
    this.settled = settled;
    this.scanner = bounds.json === null ? null : new JsonScanner(bounds.json);
  }

  start(): void {
    const { request } = this.routed;
    request.on('data', (chunk: Buffer) => this.take(chunk));
    request.on('end', () => this.end());
    request.on('error', () => this.release());
    askForBody(request);
  }

  /** When a client is refused or cut off in the middle, the body may emit no event: the end of the lifetime calls this. */
  release(): void {
    this.fail(badRequest('the body broke off'));
  }

  private take(chunk: Buffer): void {
    try {
      this.keep(chunk);
    } catch (error) {
      this.fail(error as HttpError);
    }
  }

  private keep(chunk: Buffer): void {
    const { declared, bytesMax, bodies } = this.bounds;
    this.received += chunk.length;
    if (this.received > bytesMax) throw tooLarge(`the body is longer than ${bytesMax} bytes`);
    this.scanner?.scan(chunk);
    // Such a body is handed on in the same turn, and never waits for its client.
    if (chunk.length === declared && declared <= largeBodyBytes) {
      this.whole = chunk;
      return;
    }
    this.buffer ??= new BodyBuffer(declared);
    const capacity = this.buffer.capacityWith(chunk);
    if (!this.holdFor(capacity)) {
      throw capacity > bodies.largestBytes
        ? tooLarge(`the body never fits in the ${bodies.limitBytes} bytes for all of them`)
        : overloaded('too many bodies are under way');
    }
    this.buffer.append(chunk);
  }

  private holdFor(capacity: number): boolean {
    const party = capacity > largeBodyBytes ? largeBodies : smallBodies;
    if (this.hold !== null) return this.hold.change([[party, capacity]]);
    const { lifetime } = this.routed;
    this.hold = this.bounds.bodies.take(lifetime, party, capacity);
    return this.hold !== null && lifetime.keep(this);
  }

  private end(): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.settled.resolve({ bytes: this.whole ?? this.buffer?.bytes() ?? Buffer.alloc(0), hold: this.hold });
  }

  private fail(error: HttpError): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.routed.request.removeAllListeners('data');
    this.hold?.giveUp();
    this.whole = null;
    this.buffer = null;
    this.settled.reject(error);
  }
}

export function overloaded(message: string): HttpError {
  return new HttpError(429, 'overloaded', message, ['retry-after', '1']);
}

/** Up to this size, a body where none is expected is read and forgotten. */
const idleBytesMax = 1024;

/**
 * Waits for the end of a request that should have no body, so that a malformed one is refused before anything is done.
 * @throws HttpError as `readBody`.
 */
export async function readNoBody(routed: RouteRequest, budgets: Budgets): Promise<void> {
  if (hasNoBody(routed.request)) return;
  const { hold } = await readBody(routed, idleBytesMax, budgets);
  hold?.giveUp();
}

export function hasNoBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding === undefined && (length === undefined || length === '0');
}
