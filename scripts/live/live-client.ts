/**
 * A client of a live run: a closed loop of operations on one shard, each through a door of its choice, over connections
 * of its own.
 * After an unknown outcome it goes on as another logical process, as the checker requires.
 */
import type { Action, Outcome } from '../../sim/checker/history/operation.ts';
import type { RandomStream } from '../../sim/kernel/random-stream.ts';
import { delay } from './delay.ts';
import { learnOutcome } from './learn-outcome.ts';
import type { LiveRecorder } from './live-recorder.ts';
import { StoreCaller, type StoreRequest } from './store-caller.ts';
import type { Door, LiveKey, Traffic } from './traffic.ts';

/** The mean pause between two operations: the machine also runs the cluster that is under test. */
const pauseMsMean = 8;
/** The pause after a definite failure: a request to a dead sharder fails at once. */
const failurePauseMs = 40;
/** How often a client opens its connections anew and may reach another sharder. */
const reconnectChance = 0.01;
const mix = { get: 45, put: 25, cas: 20, delete: 10 };

export interface ClientParts {
  traffic: Traffic;
  recorder: LiveRecorder;
  random: RandomStream;
  /** Numbers that are unique in the run. */
  nextValue: () => number;
}

type Known = { value: number; version: number };

export class LiveClient {
  private readonly parts: ClientParts;
  private readonly caller = new StoreCaller();
  /** What this client last saw of a key: what its conditional writes build on. */
  private readonly known = new Map<string, Known>();
  private process: number;

  constructor(parts: ClientParts) {
    this.parts = parts;
    this.process = parts.recorder.nextProcess();
  }

  /**
   * Works on the shard until `until` is aborted, and then ends the operation under way.
   * @param broken aborts even that operation.
   */
  async run(shard: string, { until, broken }: { until: AbortSignal; broken: AbortSignal }): Promise<void> {
    const { random, traffic } = this.parts;
    while (!until.aborted) {
      const { key, door, rushes } = traffic.draw(random, shard);
      const { kind } = await this.operate(key, door, rushes ? { kind: 'get' } : this.drawAction(key), broken);
      if (random.nextChance(reconnectChance)) this.caller.reconnect();
      if (kind === 'fail') await delay(failurePauseMs, until);
      else if (!rushes) await delay(random.nextExponential(pauseMsMean), until);
    }
  }

  /** One operation, recorded. */
  async operate(key: LiveKey, door: Door, action: Action, broken: AbortSignal): Promise<Outcome> {
    const { recorder } = this.parts;
    const request = this.requestOf(key, door, action);
    const invocation = recorder.invoke(this.process, key.name, action);
    const answer = await this.caller.call(request, broken);
    const outcome = learnOutcome(action, answer);
    recorder.complete(invocation, outcome);
    if (outcome.kind === 'open') this.process = recorder.nextProcess();
    this.remember(key, action, outcome);
    return outcome;
  }

  close(): void {
    this.caller.close();
  }

  private drawAction(key: LiveKey): Action {
    const { random, nextValue } = this.parts;
    let draw = random.nextBelow(mix.get + mix.put + mix.cas + mix.delete);
    if ((draw -= mix.get) < 0) return { kind: 'get' };
    if ((draw -= mix.put) < 0) return { kind: 'put', value: nextValue() };
    if ((draw -= mix.cas) >= 0) return { kind: 'delete' };
    const expected = this.known.get(key.name)?.value ?? null;
    return { kind: 'cas', expected, value: nextValue() };
  }

  private requestOf(key: LiveKey, door: Door, action: Action): StoreRequest {
    const url = `${door.url}/v1/kv/${encodeURIComponent(key.stored)}`;
    switch (action.kind) {
      case 'get':
        return { method: 'GET', url, headers: {}, body: null };
      case 'delete':
        return { method: 'DELETE', url, headers: {}, body: null };
      case 'put':
        return { method: 'PUT', url, headers: {}, body: String(action.value) };
      case 'cas':
        return { method: 'PUT', url, headers: this.conditionOf(key, action), body: String(action.value) };
      case 'append':
        throw new Error('the store has no append');
    }
  }

  /** The store compares versions; each stands for one value, because no value is written twice. */
  private conditionOf(key: LiveKey, { expected }: Extract<Action, { kind: 'cas' }>): Record<string, string> {
    if (expected === null) return { 'if-none-match': '*' };
    const known = this.known.get(key.name);
    if (known?.value !== expected) throw new Error('a cas expects a value that was not seen');
    return { 'if-match': `"${known.version}"` };
  }

  private remember(key: LiveKey, action: Action, outcome: Outcome): void {
    const seen = seenValue(action, outcome);
    if (seen !== null) this.known.set(key.name, seen);
    // The key has another value: a condition on the known one would never hold again.
    else if (outcome.kind === 'mismatch' || outcome.kind === 'ok') this.known.delete(key.name);
  }
}

function seenValue(action: Action, outcome: Outcome): Known | null {
  if (outcome.kind !== 'ok' || outcome.version === undefined) return null;
  if (action.kind === 'get')
    return typeof outcome.value === 'number' ? { value: outcome.value, version: outcome.version } : null;
  if (action.kind === 'put' || action.kind === 'cas')
    return { value: action.value as number, version: outcome.version };
  return null;
}
