/**
 * A client of a run: a loop of operations on a few keys through sharders picked at random, until its share is done or its
 * time is over. After an unknown outcome it goes on as another logical process, as the checker requires.
 */
import type { Outcome } from '../../../sharder/core/operation.ts';
import { pause } from '../../../sharder/core/pause.ts';
import { slotOf } from '../../../sharder/core/slot.ts';
import { hashText } from '../../../sharder/hash.ts';
import type { ClientEvent, WorldProcess } from '../trace/sim-event.ts';
import type { UnaryCaller, UnaryResult } from '../../network/unary.ts';
import type { World } from './world.ts';
import type { AnswerChecks, Seen } from '../properties/answer-checks.ts';
import type { HistoryRecorder } from '../properties/history-recorder.ts';
import { decodeValue, describeIntent, type Intent, type Learned } from '../scenario/intent.ts';
import { IntentDrawer, type Known } from '../scenario/intent-drawer.ts';
import type { MinorityWatch } from '../properties/minority-watch.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { SimSharder } from './sim-sharder.ts';
import type { Violations } from '../properties/violations.ts';

/** Longer than a sharder's operation timeout: the sharder's word is worth more than a broken connection. */
const callDeadlineMs = 7000;

/** An impatient client has gone before most answers come. */
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
  checks: AnswerChecks;
  minority: MinorityWatch;
  violations: Violations;
  /** Numbers that are unique in the run. */
  nextValue: () => number;
  nextProcess: () => number;
}

export class SimClient {
  readonly process: WorldProcess;
  private readonly parts: ClientParts;
  private readonly caller: UnaryCaller;
  /** What this client last saw of a key: its conditional writes build on it. */
  private readonly known = new Map<string, Known>();
  /** Key to the highest version at which it was missing. */
  private readonly missingAt = new Map<string, number>();
  /** Slot to the highest epoch at which it has answered. */
  private readonly epochs = new Map<number, number>();
  private readonly drawer: IntentDrawer;
  private logicalProcess: number;

  constructor(name: string, parts: ClientParts) {
    this.parts = parts;
    this.process = parts.world.addProcess(name);
    this.caller = parts.world.caller(this.process);
    this.logicalProcess = parts.nextProcess();
    const { random } = this.process;
    const { nextValue } = parts;
    this.drawer = new IntentDrawer({
      random,
      workload: parts.scenario.workload,
      known: this.known,
      nextValue,
    });
  }

  /** Works through its share, spread over the time until the end. */
  async run(operations: number, options: { fromMs: number; untilMs: number }): Promise<void> {
    const { random, clock } = this.process;
    const { world, sharders } = this.parts;
    const meanPauseMs = (options.untilMs - options.fromMs) / operations;
    await pause(clock, options.fromMs + random.nextExponential(meanPauseMs));
    for (let done = 0; done < operations && world.nowMs < options.untilMs;) {
      const intents = this.drawer.draw();
      await this.send(sharders[random.nextBelow(sharders.length)]!, intents);
      done += intents.length;
      const elapsed = world.nowMs - options.fromMs;
      // A client that a fault has held up catches up.
      const dueMs = done * meanPauseMs;
      const pauseMs = random.nextExponential(Math.max(5, dueMs - elapsed));
      await pause(clock, Math.max(0, Math.min(pauseMs, options.untilMs - world.nowMs)));
    }
  }

  /**
   * A few requests, or none, for some of these keys: a slot that is being moved is tested only by clients that use it and then
   * leave it alone, because a later write would hide the loss of an earlier one.
   */
  async rush(keys: readonly string[]): Promise<void> {
    const { random, clock } = this.process;
    const { sharders, scenario } = this.parts;
    const meanPauseMs = rushPauseMs + scenario.topology.watchLagMs / rushRoundsMax;
    const ends: Promise<unknown>[] = [];
    for (let left = random.nextBelow(rushRoundsMax + 1); left > 0; left--) {
      const chosen = keys.filter(() => random.nextBelow(2) === 0);
      const intents = (chosen.length > 0 ? chosen : keys).map((key) => this.drawer.drawForMove(key));
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
    await Promise.all(keys.map((key) => this.send(sharder, [this.drawer.put(key)])));
  }

  /** Reads a key through one sharder; records it and says whether it succeeded. */
  async read(sharder: SimSharder, key: string): Promise<boolean> {
    const [learned] = await this.send(sharder, [this.drawer.get(key)]);
    return learned!.kind === 'ok';
  }

  /** As `read`, with a write. */
  async write(sharder: SimSharder, key: string): Promise<boolean> {
    const [learned] = await this.send(sharder, [this.drawer.put(key)]);
    return learned!.kind === 'ok';
  }

  private async send(sharder: SimSharder, intents: readonly Intent[]): Promise<readonly Learned[]> {
    const { recorder, checks, minority, world } = this.parts;
    const askedAtMs = world.nowMs;
    const invoked = intents.map(() => recorder.next());
    const seen = intents.map(({ operation }) => this.seenOf(operation.key));
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
      checks.check(intent, seen[index]!, learned[index]!);
      minority.note(intent.operation.key, learned[index]!, { askedAtMs, nowMs: world.nowMs });
    }
    this.checkOrder(intents, learned);
    return learned;
  }

  /** Operations of one request are concurrent for the checker: each but the last gets a logical process of its own. */
  private record(intent: Intent, invoked: number, learned: Learned): void {
    this.parts.recorder.record(this.logicalProcess, intent, invoked, learned);
    this.logicalProcess = this.parts.nextProcess();
    this.checkAvailable(learned);
    if (learned.kind !== 'ok') return;
    const { result, place } = learned;
    const { key } = intent.operation;
    this.epochs.set(place.slot, Math.max(place.epoch, this.epochs.get(place.slot) ?? 0));
    if (result.kind === 'get' && result.state) {
      this.known.set(key, { version: result.state.version, value: decodeValue(result.state.value) });
    } else if (result.kind === 'put') {
      this.known.set(key, { version: result.version, value: intent.written! });
    } else this.missingAt.set(key, Math.max(result.version, this.missingAt.get(key) ?? -1));
  }

  /** What this client knows of a key before it asks. */
  private seenOf(key: string): Seen {
    return {
      version: this.known.get(key)?.version ?? 0,
      missingAt: this.missingAt.get(key) ?? -1,
      epoch: this.epochs.get(slotOf(key, hashText)) ?? 0,
    };
  }

  /** Where nothing fails, slots that move stop no client: an operation that has to wait goes on before its time is over. */
  private checkAvailable(learned: Learned): void {
    const { scenario, violations } = this.parts;
    const { operationTimeoutMs, heldMsMax, heldOperationsMax, readAttemptMs } = scenario.limits;
    const hasTime = operationTimeoutMs >= 1500 && heldMsMax >= 2000 && readAttemptMs >= 1000;
    if (!hasTime || heldOperationsMax < 100) return;
    // A sharder that nobody has told about a view finds it by asking.
    if (scenario.faults.some(({ kind }) => kind !== 'mute_watches') || learned.kind !== 'failed') return;
    if (learned.code !== 'unavailable') return;
    if (learned.message !== 'not ready') violations.add('available', `without faults: ${learned.message}`);
  }

  /** Several writes of one key in one request get versions in their order: batching never reorders a client's own operations. */
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

  private tell(name: ClientEvent['name'], intents: readonly Intent[], learned?: readonly Learned[]): void {
    const what = intents.map((intent, index) => describeIntent(intent, learned?.[index])).join('; ');
    this.process.trace.emit({ name, what });
  }
}

function learnedOf(result: UnaryResult<readonly Outcome[]>, index: number): Learned {
  return result.kind === 'reply' ? result.reply[index]! : { kind: result.kind };
}
