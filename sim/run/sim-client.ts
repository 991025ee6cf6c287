/**
 * A client of a run: a loop of operations on a few keys through sharders picked at random, until its share is done or its
 * time is over. After an answer that is not known it goes on as another logical process, as the checker wants it.
 */
import { always, type Condition, type Operation, type Outcome } from '../../sharder/core/operation.ts';
import { pause } from '../../sharder/core/pause.ts';
import type { SimProcess } from '../process.ts';
import type { UnaryCaller, UnaryResult } from '../unary.ts';
import type { World } from '../world.ts';
import {
  decodeValue,
  encodeValue,
  type HistoryRecorder,
  type Intent,
  type Learned,
} from './history-recorder.ts';
import { keyName, type Scenario } from './scenario.ts';
import type { SimSharder } from './sim-sharder.ts';
import type { Violations } from './violations.ts';

/** Longer than a sharder's operation timeout: the sharder's word is worth more than a broken connection. */
const callDeadlineMs = 7000;

/** Whoever is impatient has gone before most answers come. */
const impatientOneIn = 16;
const impatientMsMax = 60;

/** About as long as the phases of a move take. */
const rushRoundsMax = 4;
const rushPauseMs = 2;

export interface ClientParts {
  world: World;
  scenario: Scenario;
  sharders: readonly SimSharder[];
  recorder: HistoryRecorder;
  violations: Violations;
  /** Numbers that are unique in the run. */
  nextValue: () => number;
  nextProcess: () => number;
}

interface Known {
  version: number;
  value: number;
}

export class SimClient {
  readonly process: SimProcess;
  private readonly parts: ClientParts;
  private readonly caller: UnaryCaller;
  /** What this client last saw of a key: what its conditional writes build on. */
  private readonly known = new Map<string, Known>();
  private logicalProcess: number;

  constructor(name: string, parts: ClientParts) {
    this.parts = parts;
    this.process = parts.world.addProcess(name);
    this.caller = parts.world.caller(this.process);
    this.logicalProcess = parts.nextProcess();
  }

  /** Works through its share, spread over the time until the end. */
  async run(operations: number, options: { fromMs: number; untilMs: number }): Promise<void> {
    const { random, clock } = this.process;
    const { world, sharders } = this.parts;
    const meanPauseMs = (options.untilMs - options.fromMs) / operations;
    await pause(clock, options.fromMs + random.nextExponential(meanPauseMs));
    for (let done = 0; done < operations && world.nowMs < options.untilMs;) {
      const intents = this.drawIntents();
      await this.send(sharders[random.nextBelow(sharders.length)]!, intents);
      done += intents.length;
      const elapsed = world.nowMs - options.fromMs;
      // Whoever was held up by a fault catches up.
      const dueMs = done * meanPauseMs;
      const pauseMs = random.nextExponential(Math.max(5, dueMs - elapsed));
      await pause(clock, Math.max(0, Math.min(pauseMs, options.untilMs - world.nowMs)));
    }
  }

  /**
   * A few requests, if any, for some of these keys: a slot that is being moved is only put to the test by those who use it, and
   * who then leave it alone: what was lost is not to be seen below what is written later.
   */
  async rush(keys: readonly string[]): Promise<void> {
    const { random, clock } = this.process;
    const { sharders, scenario } = this.parts;
    const meanPauseMs = rushPauseMs + scenario.topology.watchLagMs / rushRoundsMax;
    const ends: Promise<unknown>[] = [];
    for (let left = random.nextBelow(rushRoundsMax + 1); left > 0; left--) {
      const chosen = keys.filter(() => random.nextBelow(2) === 0);
      const intents = (chosen.length > 0 ? chosen : keys).map((key) => this.drawIntent(key));
      ends.push(this.send(sharders[random.nextBelow(sharders.length)]!, intents));
      await pause(clock, random.nextExponential(meanPauseMs));
    }
    await Promise.all(ends);
  }

  /** Many requests at one moment, through one sharder, for keys that nobody else uses. */
  async crowd({ atMs, requests }: { atMs: number; requests: number }): Promise<void> {
    const { random, clock } = this.process;
    const { sharders } = this.parts;
    await pause(clock, atMs);
    const sharder = sharders[random.nextBelow(sharders.length)]!;
    const keys = Array.from({ length: requests }, (_, index) => `{crowd}${index}`);
    await Promise.all(keys.map((key) => this.send(sharder, [this.put(key)])));
  }

  private drawIntent(key: string): Intent {
    const draw = this.process.random.nextBelow(4);
    if (draw === 0) return { operation: { kind: 'get', key }, written: null, expected: null };
    if (draw > 1) return this.put(key);
    const operation: Operation = { kind: 'delete', key, condition: always, wantPrevious: false };
    return { operation, written: null, expected: null };
  }

  /** Reads a key through one sharder; records it and says whether it succeeded. */
  async read(sharder: SimSharder, key: string): Promise<boolean> {
    const intent: Intent = { operation: { kind: 'get', key }, written: null, expected: null };
    const [learned] = await this.send(sharder, [intent]);
    return learned!.kind === 'ok';
  }

  private async send(sharder: SimSharder, intents: readonly Intent[]): Promise<readonly Learned[]> {
    const { recorder } = this.parts;
    const invoked = intents.map(() => recorder.next());
    const versions = intents.map(({ operation }) => this.known.get(operation.key)?.version ?? 0);
    this.tell('client.asks', intents);
    const request = intents.map(({ operation }) => operation);
    const { random } = this.process;
    const deadlineMs =
      random.nextBelow(impatientOneIn) === 0 ? 1 + random.nextBelow(impatientMsMax) : callDeadlineMs;
    const result = await this.caller.call(sharder.server, request, { deadlineMs });
    const learned = intents.map((_, index) => learnedOf(result, index));
    this.tell('client.learns', intents, learned);
    for (const [index, intent] of intents.entries()) {
      this.record(intent, invoked[index]!, learned[index]!);
      this.checkVersion(intent, versions[index]!, learned[index]!);
    }
    this.checkOrder(intents, learned);
    return learned;
  }

  /** Operations of one request are concurrent to the checker: each but the last gets a logical process of its own. */
  private record(intent: Intent, invoked: number, learned: Learned): void {
    this.parts.recorder.record(this.logicalProcess, intent, invoked, learned);
    this.logicalProcess = this.parts.nextProcess();
    this.checkAvailable(learned);
    if (learned.kind !== 'ok') return;
    const { result } = learned;
    const { key } = intent.operation;
    if (result.kind === 'get' && result.state) {
      this.known.set(key, { version: result.state.version, value: decodeValue(result.state.value) });
    } else if (result.kind === 'put') {
      this.known.set(key, { version: result.version, value: intent.written! });
    }
  }

  /** Where nothing fails, slots that change hands stop nobody: what has to wait goes on before its time is over. */
  private checkAvailable(learned: Learned): void {
    const { scenario, violations } = this.parts;
    if (scenario.faults.length > 0 || learned.kind !== 'failed' || learned.code !== 'unavailable') return;
    if (learned.message !== 'not ready') violations.add('available', `without faults: ${learned.message}`);
  }

  /** A key's version is never lower than what this client had seen of the key when it asked, wherever its slot is. */
  private checkVersion({ operation }: Intent, before: number, learned: Learned): void {
    if (learned.kind !== 'ok') return;
    const { result } = learned;
    const version = result.kind === 'get' ? (result.state?.version ?? result.version) : result.version;
    if (version >= before) return;
    const message = `a ${result.kind} of ${operation.key} has version ${version} after ${before}`;
    this.parts.violations.add('versions_rise', message);
  }

  /** Writes of one key in one request get versions in their order: batching never reorders a client's own operations. */
  private checkOrder(intents: readonly Intent[], learned: readonly Learned[]): void {
    const last = new Map<string, number>();
    for (const [index, outcome] of learned.entries()) {
      const { key, kind } = intents[index]!.operation;
      if (outcome.kind !== 'ok' || kind !== 'put') continue;
      const before = last.get(key) ?? 0;
      const { version } = outcome.result;
      if (version <= before) {
        const message = `${this.process.name}: writes of ${key} got versions ${before}, ${version}`;
        this.parts.violations.add('order_of_a_client', message);
      }
      last.set(key, version);
    }
  }

  private drawIntents(): Intent[] {
    const { random } = this.process;
    const { keys, tags, mix } = this.parts.scenario.workload;
    const drawKey = () => keyName(random.nextBelow(keys), tags);
    const key = drawKey();
    let draw = random.nextBelow(mix.get + mix.put + mix.delete + mix.cas + mix.burst);
    if ((draw -= mix.get) < 0) return [{ operation: { kind: 'get', key }, written: null, expected: null }];
    if ((draw -= mix.put) < 0) return [this.put(key)];
    if ((draw -= mix.delete) < 0) {
      return [
        {
          operation: { kind: 'delete', key, condition: always, wantPrevious: false },
          written: null,
          expected: null,
        },
      ];
    }
    if ((draw -= mix.cas) < 0) return [this.conditionalPut(key)];
    return Array.from({ length: 2 + random.nextBelow(11) }, () => this.put(drawKey()));
  }

  private put(key: string): Intent {
    const written = this.parts.nextValue();
    const value = encodeValue(written);
    return {
      operation: { kind: 'put', key, value, condition: always, wantPrevious: false },
      written,
      expected: null,
    };
  }

  private conditionalPut(key: string): Intent {
    const known = this.known.get(key);
    const { operation, written } = this.put(key);
    const put = operation as Extract<Operation, { kind: 'put' }>;
    if (known === undefined)
      return { operation: { ...put, condition: { kind: 'absent' } }, written, expected: null };
    const { version } = known;
    // Two ways to say the same: no key has version 0.
    const condition: Condition =
      written! % 2 === 0 ? { kind: 'version', version } : { kind: 'one_of', versions: [0, version] };
    return { operation: { ...put, condition }, written, expected: known.value };
  }

  private tell(name: string, intents: readonly Intent[], learned?: readonly Learned[]): void {
    const what = intents.map((intent, index) => describe(intent, learned?.[index])).join('; ');
    this.process.trace.emit({ name, what });
  }
}

function learnedOf(result: UnaryResult<readonly Outcome[]>, index: number): Learned {
  return result.kind === 'reply' ? result.reply[index]! : { kind: result.kind };
}

function describe({ operation, written, expected }: Intent, learned: Learned | undefined): string {
  const condition =
    operation.kind === 'put' && operation.condition.kind !== 'always' ? ` if ${String(expected)}` : '';
  const asked = `${operation.kind} ${operation.key}${written === null ? '' : `=${written}`}${condition}`;
  if (learned === undefined) return asked;
  if (learned.kind !== 'ok')
    return `${asked}: ${learned.kind}${learned.kind === 'failed' ? ` ${learned.code}` : ''}`;
  const { result } = learned;
  if (result.kind !== 'get') return `${asked}: ok at version ${result.version}`;
  return `${asked}: ${result.state ? `${decodeValue(result.state.value)} at version ${result.state.version}` : 'missing'}`;
}
