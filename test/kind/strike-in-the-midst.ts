/**
 * Shards come and go on kind by the command line, while pods are deleted in the midst of their moves; what failed
 * meanwhile is told apart by whether a fault explains it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../cluster/errors.ts';
import type { Invocation } from '../../scripts/live/live-recorder.ts';
import { ViewClient } from '../../scripts/context/view-client.ts';
import type { Outcome } from '../../sim/checker/history/operation.ts';
import type { Ended } from '../e2e/vase-command.ts';
import { MovingRecorder } from '../resharding/moving-recorder.ts';
import type { KindCommand } from './kind-machine.ts';

/** Since the recorder began. */
interface Span {
  fromNs: number;
  untilNs: number;
}

export interface Failure extends Span {
  key: string;
  /** Definitely not applied, or not known. */
  kind: 'fail' | 'open';
}

/** Also keeps what was not answered, and when faults were. */
export class FailureRecorder extends MovingRecorder {
  readonly failures: Failure[] = [];
  readonly faults: Span[] = [];

  override complete(invocation: Invocation, outcome: Outcome): void {
    super.complete(invocation, outcome);
    const { key, invokedNs: fromNs } = invocation;
    if (outcome.kind === 'fail' || outcome.kind === 'open')
      this.failures.push({ key, kind: outcome.kind, fromNs, untilNs: this.nowNs() });
  }

  override fault(name: string, span: Span): void {
    super.fault(name, span);
    this.faults.push(span);
  }

  /** Those that were under way at no moment of a fault. */
  unexplained(): Failure[] {
    return this.failures.filter(
      (failure) =>
        !this.faults.some((fault) => fault.fromNs <= failure.untilNs && failure.fromNs <= fault.untilNs),
    );
  }
}

const jobMsMax = 480_000;
/** Another view server leads within seconds; a busy machine takes longer to start one. */
const awayMsMax = 120_000;
const retryMs = 50;
/** What the view server says of a move that has begun to copy and has not handed over. */
const midst = 'move.copy';

export interface StruckJob {
  ended: Ended;
  tookMs: number;
  /** Moves that were still to be made after the strike, as soon as a view server answered. */
  movesLeft: number;
}

/**
 * Runs the command, and `strike` as soon as the first of its moves copies.
 * @throws Error when the command ends before that.
 */
export async function strikeInTheMidst(
  vase: KindCommand,
  command: readonly string[],
  strike: () => Promise<void>,
): Promise<StruckJob> {
  const endpoint = (await vase.provider.viewServerEndpoint())!;
  const { heard, stop } = await listenFor(endpoint, midst);
  try {
    const startedMs = performance.now();
    const run = vase.run(command);
    const first = await Promise.race([heard.then(() => null), run]);
    if (first !== null) throw new Error(`\`${command.join(' ')}\` ended before ${midst}: ${first.stderr}`);
    await strike();
    const movesLeft = await countMoves(endpoint);
    const ended = await run;
    return { ended, tookMs: performance.now() - startedMs, movesLeft };
  } finally {
    stop();
  }
}

interface Listening {
  /** Resolves with the first such event from now on. */
  heard: Promise<void>;
  stop: () => void;
}

async function listenFor(endpoint: string, name: string): Promise<Listening> {
  const stopped = new AbortController();
  const from = new Date().toISOString();
  const response = await fetch(`${endpoint}/events`, {
    signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(jobMsMax)]),
  });
  if (!response.ok) throw new Error(`${endpoint}/events answered ${response.status}`);
  const heard = hear(response.body!, name, from);
  // Whoever has stopped does not want to know.
  heard.catch(() => undefined);
  return { heard, stop: () => stopped.abort() };
}

/** What the server has kept of before comes first. The nodes have this machine's clock. */
async function hear(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
  from: string,
): Promise<void> {
  const pattern = new RegExp(`\\nevent: ${name}\\ndata: {"at":"([^"]+)"`, 'g');
  let text = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (const [, at] of text.matchAll(pattern)) if (at! >= from) return;
  }
  throw new Error(`the view server's events ended before ${name}`);
}

async function countMoves(endpoint: string): Promise<number> {
  const client = new ViewClient(async () => endpoint, AbortSignal.timeout(awayMsMax));
  for (;;) {
    try {
      return (await client.view()).moves.length;
    } catch (error) {
      // None answers for the moment; the signal's own error ends it.
      if (!(error instanceof ClusterError)) throw error;
      await delay(retryMs);
    }
  }
}
