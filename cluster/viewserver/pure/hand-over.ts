/**
 * The phases of a move under one claim of the destination: clear, copy at one revision, tail, stop the slots, drain, activate.
 * The time in which the slots are stopped has two round trips: the freeze, and the activation with the last writes in it.
 */
import type { RequestOp } from '../../../sharder/core/etcd-messages.ts';
import { type Fence, fenceKey, type FenceRecord, type SlotState } from '../../../sharder/core/fence.ts';
import { pause } from '../../../sharder/core/pause.ts';
import { dataPrefix } from '../../../sharder/core/slot.ts';
import type { MoveRecord } from '../../../sharder/core/view.ts';
import { clearSlots } from './clear-slots.ts';
import { copyPages } from './copy-slots.ts';
import type { DestinationClaim } from './destination-claim.ts';
import { frozenMarker, isMarker, toBytes } from './marker.ts';
import type { MoverContext, MoveSteps } from './mover-context.ts';
import { type MoverLimits, quickEnoughMs } from './mover-limits.ts';
import { askStopped, concludeProof, rehearseProof } from './prove-tail.ts';
import { describe } from './records-client.ts';
import { everySlot, withSlots } from './slot-states.ts';
import { SourceTail } from './source-tail.ts';
import { RecordsChangedError, UnprovenError } from './step-errors.ts';
import { UnavailableError } from './unavailable-error.ts';
import { WriteWindow } from './write-window.ts';

/** A probe that takes so many times as long as the quickest is as good. */
const nearlyAs = 1.5;

/** @throws one of the errors of steps, and the caller begins anew; returns when the destination owns the slots. */
export async function handOver(
  context: MoverContext,
  driver: MoveSteps,
  move: MoveRecord,
  claim: DestinationClaim,
): Promise<void> {
  const { records, clock, limits } = context;
  await clearSlots(context, move.slots, claim.writer);
  const isStopped = () => context.isStopped();
  const { from: shard, slots, id } = move;
  const tail = new SourceTail({ records, clock, limits, shard, slots, move: id, isStopped });
  try {
    await tail.open();
    driver.enter('copy');
    await copy(context, driver, move, claim, tail);
    driver.enter('tail');
    await catchUp(context, driver, claim, tail);
    const byKeys = await rehearseProof(context, { shard, slots }, tail);
    await context.freezes.pass(() => stopAndActivate(context, driver, { move, claim, tail, byKeys }));
  } finally {
    tail.close();
  }
}

async function copy(
  { records, clock, limits, pace, freezes }: MoverContext,
  driver: MoveSteps,
  move: MoveRecord,
  claim: DestinationClaim,
  tail: SourceTail,
): Promise<void> {
  const { progress } = driver;
  progress.keysCopied = 0;
  progress.bytesCopied = 0;
  progress.keysTotal = null;
  const window = new WriteWindow(limits.writesInFlightMax);
  try {
    for await (const page of copyPages(records, limits, { shard: move.from, slots: move.slots })) {
      tail.skipTo(page.revision);
      progress.keysTotal = Math.max(progress.keysTotal ?? 0, progress.keysCopied + page.keysLeft);
      const puts: RequestOp[] = [];
      tail.record.noteCopied(page.kvs.filter(({ key }) => !isMarker(key)).length);
      for (const kv of page.kvs) {
        if (isMarker(kv.key)) tail.noteMarker(kv);
        else puts.push({ kind: 'put', key: kv.key, value: kv.value });
      }
      for (const chunk of inChunks(puts, limits)) {
        driver.checkOn();
        await pace.take(chunk.length);
        await freezes.whenEmpty(clock, limits.yieldMsMax);
        await window.start(async () => {
          await claim.writer.write(chunk);
          progress.keysCopied += chunk.length;
          progress.bytesCopied += chunk.reduce((sum, operation) => sum + bytesOf(operation), 0);
        });
      }
    }
  } finally {
    await window.settled();
  }
  window.check();
}

/** Writes what the watch has brought until little is left. */
async function catchUp(
  { limits }: MoverContext,
  driver: MoveSteps,
  claim: DestinationClaim,
  tail: SourceTail,
): Promise<void> {
  do {
    driver.checkOn();
    await writeAll(claim, tail.take(), limits);
  } while (tail.lag > limits.freezeLagKeysMax);
}

interface Frozen {
  /** The source's record with the slots frozen. */
  record: FenceRecord;
  /** Not later than the slots stopped. */
  frozenAtMs: number;
}

/** What the phases before the freeze have come to. */
interface Copied {
  move: MoveRecord;
  claim: DestinationClaim;
  tail: SourceTail;
  /** Whether there is time to list what has changed while the slots are stopped. */
  byKeys: boolean;
}

/** The slots stop here, and go on at the destination. */
async function stopAndActivate(
  context: MoverContext,
  driver: MoveSteps,
  { move, claim, tail, byKeys }: Copied,
): Promise<void> {
  const { clock, limits, trace } = context;
  driver.enter('freeze');
  const { record, frozenAtMs } = await freeze(context, driver, move, claim, tail);
  driver.enter('drain');
  const proven = { shard: move.from, slots: move.slots };
  const asked = askStopped(context, proven, { base: tail.record.base, byKeys });
  // Whoever does not come to ask for it has another reason to fail.
  asked.catch(() => undefined);
  const leftMs = () => frozenAtMs + limits.freezeMsMax - clock.nowMs();
  while (!tail.areAllMarked) {
    if (leftMs() <= 0) throw new UnavailableError(move.from, 'the end of the slots does not come in time');
    await tail.next(leftMs());
  }
  try {
    await concludeProof(context, { proven, asked, leftMs: leftMs() }, tail);
  } catch (error) {
    // Where another mover has taken over, the slots have gone back to their source, which has taken writes since.
    if (error instanceof UnprovenError) await claim.verify();
    throw error;
  }
  driver.enter('activate');
  const chunks = [...inChunks(tail.take(), { ...limits, writeOperationsMax: limits.freezeLagKeysMax })];
  const last = chunks.pop() ?? [];
  for (const chunk of chunks) await claim.writer.write(chunk);
  await claim.activate(last, (slot) => {
    const state = record.slots[slot] as Extract<SlotState, { kind: 'frozen' }>;
    // No version that the source gave is above its revision at the marker.
    const versionOffset = state.versionOffset + tail.markedRevision(slot);
    return { kind: 'owned', epoch: state.epoch + 1, versionOffset };
  });
  const frozenMs = clock.nowMs() - frozenAtMs;
  const { keysCopied } = driver.progress;
  trace.emit({ name: 'move.activated', move: move.id, slots: move.slots.length, keysCopied, frozenMs });
}

/**
 * Stops the slots at their source, with their markers, in one transaction, when little is left to write, the watch is alive
 * and the destination answers. The order matters: the source's record is read, then the claim is verified, then the record
 * that was read is replaced. A claim that was given up before that has left another record behind.
 */
async function freeze(
  context: MoverContext,
  driver: MoveSteps,
  move: MoveRecord,
  claim: DestinationClaim,
  tail: SourceTail,
): Promise<Frozen> {
  const { records, clock, limits } = context;
  for (let probes = 1; ; probes++) {
    driver.checkOn();
    const frozen = await records.alone(move.from, () => tryToFreeze(context, move, claim, tail, probes));
    if (frozen !== null) return frozen;
    await writeAll(claim, tail.take(), limits);
    if (probes > 1) await pause(clock, limits.retryPauseMs);
  }
}

/** Null, and nothing stopped, when it is not the moment. */
async function tryToFreeze(
  context: MoverContext,
  move: MoveRecord,
  claim: DestinationClaim,
  tail: SourceTail,
  probes: number,
): Promise<Frozen | null> {
  const { records, clock, limits } = context;
  const source = await records.readFence(move.from);
  if (everySlot(source.record, move.slots, (state) => state?.kind === 'frozen' && state.move === move.id))
    return { record: source.record, frozenAtMs: clock.nowMs() };
  const record = withSlots(source.record, move.slots, (state) => {
    if (state?.kind !== 'owned') throw new RecordsChangedError('the source does not own the slots');
    return { ...state, kind: 'frozen', move: move.id, to: move.to };
  });
  const probedAtMs = clock.nowMs();
  const text = `probe ${move.id} ${source.modRevision} ${probes}`;
  // In this order: the probe of a claim that has been given up would stay behind.
  await claim.verify();
  const isAlive = await probe(context, move, source, tail, { text, msMax: quickEnoughMs(limits, probes) });
  const isQuick = judgeProbe(context, move.from, { tookMs: clock.nowMs() - probedAtMs, probes });
  if (!isAlive || !isQuick || tail.lag > limits.freezeLagKeysMax) return null;
  const frozenAtMs = clock.nowMs();
  const value = frozenMarker(move.id);
  const markers = move.slots.map((slot): RequestOp => ({ kind: 'put', key: dataPrefix(slot), value }));
  const frozen = await records.replaceFence(source, record, markers);
  return frozen === null ? null : { record: frozen.record, frozenAtMs };
}

/** The slots stop for about as long as a probe takes: a slow one may be followed by a better moment. */
function judgeProbe(
  { limits, quickestProbes }: MoverContext,
  source: number,
  { tookMs, probes }: { tookMs: number; probes: number },
): boolean {
  const quickestMs = quickestProbes.get(source) ?? Infinity;
  quickestProbes.set(source, Math.min(quickestMs, tookMs));
  if (probes > limits.freezeProbesPatient) return tookMs <= quickEnoughMs(limits, probes);
  return tookMs <= limits.freezeProbeMs || (quickestMs < Infinity && tookMs <= nearlyAs * quickestMs);
}

/** Writes a probe into the source and waits until the watch has brought it; false when it has not in time. */
async function probe(
  { records, clock }: MoverContext,
  move: MoveRecord,
  source: Fence,
  tail: SourceTail,
  { text, msMax }: { text: string; msMax: number },
): Promise<boolean> {
  const untilMs = clock.nowMs() + msMax;
  const key = fenceKey(source.record);
  const outcome = await records.execute(
    move.from,
    {
      kind: 'txn',
      compare: [{ key, target: 'mod_revision', result: 'equal', operand: source.modRevision }],
      success: [{ kind: 'put', key: dataPrefix(move.slots[0]!), value: toBytes(text) }],
      failure: [],
    },
    false,
  );
  if (outcome.kind !== 'reply' || outcome.reply.kind !== 'txn')
    throw new UnavailableError(move.from, `shard ${move.from}: ${describe(outcome)}`);
  if (!outcome.reply.succeeded) return false;
  while (!tail.hasSeenProbe(text)) {
    const leftMs = untilMs - clock.nowMs();
    if (leftMs <= 0) {
      await tail.reopen();
      return false;
    }
    await tail.next(leftMs);
  }
  return true;
}

async function writeAll(
  claim: DestinationClaim,
  operations: readonly RequestOp[],
  limits: MoverLimits,
): Promise<void> {
  for (const chunk of inChunks(operations, limits)) await claim.writer.write(chunk);
}

/** As many operations at a time as one write takes. */
function* inChunks(
  operations: readonly RequestOp[],
  { writeOperationsMax, writeBytesMax }: MoverLimits,
): Generator<RequestOp[]> {
  let chunk: RequestOp[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const more = bytesOf(operation);
    if (chunk.length > 0 && (chunk.length >= writeOperationsMax || bytes + more > writeBytesMax)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(operation);
    bytes += more;
  }
  if (chunk.length > 0) yield chunk;
}

/** Keys are counted by their UTF-16 units: near enough for a bound this far below etcd's. */
function bytesOf(operation: RequestOp): number {
  if (operation.kind === 'put') return operation.key.length + operation.value.length;
  return operation.kind === 'delete_range' ? operation.key.length : 0;
}
