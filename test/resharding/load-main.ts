/**
 * The load of a resharding run, in a process of its own: connections that each own their part of the keys, so that what a
 * read has to give is known exactly. Half of the requests are writes.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreCaller, type Answer } from '../../scripts/live/store-caller.ts';
import type { LoadOrder, LoadReport, LoadSecond } from './load-messages.ts';

const wrongShownMax = 10;
const finalTriesMax = 100;
const finalPauseMs = 100;

interface Begin {
  url: string;
  connections: number;
  keys: number;
  valueBytes: number;
}

const never = new AbortController().signal;
let perSecond = 0;
let running = false;
let acknowledgedWrites = 0;
let checkedReads = 0;
let wrongCount = 0;
const wrong: string[] = [];
let histogram: Histogram = newHistogram();
let second = newSecond();

/** By key: the number of the last acknowledged write, and those after it that may have been applied. */
const acknowledged: number[] = [];
const possible: number[][] = [];
let lastNumber = 0;

process.on('message', (order: LoadOrder) => {
  if (order.kind === 'begin') void begin(order);
  else if (order.kind === 'rate') perSecond = order.perSecond;
  else running = false;
});

async function begin(options: Begin): Promise<void> {
  const startedMs = performance.now();
  running = true;
  await forEachConnection(options, (caller, keys) => fill(options, caller, keys));
  send({ kind: 'filled', seconds: (performance.now() - startedMs) / 1000 });
  const timer = setInterval(tellSecond, 1000);
  await forEachConnection(options, (caller, keys) => work(options, caller, keys));
  clearInterval(timer);
  await forEachConnection(options, (caller, keys) => readAll(options, caller, keys));
  send({ kind: 'ended', acknowledgedWrites, checkedReads, wrongCount, wrong });
  process.disconnect();
}

async function forEachConnection(
  { connections, keys }: Begin,
  body: (caller: StoreCaller, own: readonly number[]) => Promise<void>,
): Promise<void> {
  const parts = Array.from({ length: connections }, (_, index) =>
    Array.from(
      { length: Math.ceil((keys - index) / connections) },
      (_unused, row) => index + row * connections,
    ),
  );
  await Promise.all(
    parts.map(async (own) => {
      const caller = new StoreCaller();
      await body(caller, own);
      caller.close();
    }),
  );
}

async function fill(options: Begin, caller: StoreCaller, keys: readonly number[]): Promise<void> {
  for (const key of keys) {
    do await write(options, caller, key);
    while (acknowledged[key] === undefined);
  }
}

async function work(options: Begin, caller: StoreCaller, keys: readonly number[]): Promise<void> {
  let next = performance.now() + Math.random() * 1000;
  while (running) {
    if (perSecond > 0) {
      next = Math.max(next + (options.connections * 1000) / perSecond, performance.now() - 1000);
      const waitMs = next - performance.now();
      if (waitMs > 1) await delay(waitMs);
    }
    const key = keys[Math.floor(Math.random() * keys.length)]!;
    const startedMs = performance.now();
    const answer = await (Math.random() < 0.5 ? write(options, caller, key) : read(options, caller, key));
    count(answer, performance.now() - startedMs);
  }
}

async function write(options: Begin, caller: StoreCaller, key: number): Promise<Answer> {
  const number = ++lastNumber;
  const answer = await caller.call(
    { method: 'PUT', url: urlOf(options, key), headers: {}, body: valueOf(number, options) },
    never,
  );
  const kind = outcomeOf(answer);
  if (kind === 'ok') {
    acknowledged[key] = number;
    possible[key] = [];
    acknowledgedWrites++;
  } else if (kind === 'unknown') (possible[key] ??= []).push(number);
  return answer;
}

async function read(options: Begin, caller: StoreCaller, key: number): Promise<Answer> {
  const answer = await caller.call(
    { method: 'GET', url: urlOf(options, key), headers: {}, body: null },
    never,
  );
  if (outcomeOf(answer) === 'ok' || statusOf(answer) === 404) check(key, answer, options);
  return answer;
}

function check(key: number, answer: Answer, options: Begin): void {
  checkedReads++;
  const found = answer.kind === 'reply' && answer.status === 200 ? Number(answer.body.trim()) : null;
  const allowed = [acknowledged[key], ...(possible[key] ?? [])];
  if (found === null || !allowed.includes(found)) {
    wrongCount++;
    if (wrong.length < wrongShownMax)
      wrong.push(`${urlOf(options, key)} gave ${found}, not one of ${allowed.join(', ')}`);
    return;
  }
  // What has been seen stays: an earlier write can no longer come out.
  if (found !== acknowledged[key]) {
    acknowledged[key] = found;
    possible[key] = possible[key]!.filter((number) => number !== found);
  }
}

async function readAll(options: Begin, caller: StoreCaller, keys: readonly number[]): Promise<void> {
  for (const key of keys) {
    for (let attempt = 0; outcomeOf(await read(options, caller, key)) !== 'ok'; attempt++) {
      if (attempt >= finalTriesMax) {
        wrongCount++;
        break;
      }
      await delay(finalPauseMs);
    }
  }
}

function count(answer: Answer, durationMs: number): void {
  const kind = outcomeOf(answer);
  second[kind]++;
  if (kind === 'ok') histogram.recordValue(Math.max(1, Math.round(durationMs * 1000)));
  else {
    const reason = answer.kind === 'reply' ? String(answer.status) : answer.kind;
    second.reasons[reason] = (second.reasons[reason] ?? 0) + 1;
  }
}

function outcomeOf(answer: Answer): 'ok' | 'failed' | 'unknown' {
  if (answer.kind === 'not_sent') return 'failed';
  if (answer.kind === 'lost') return 'unknown';
  if (answer.status < 300) return 'ok';
  return answer.status === 504 || answer.status === 500 ? 'unknown' : 'failed';
}

function statusOf(answer: Answer): number | null {
  return answer.kind === 'reply' ? answer.status : null;
}

function urlOf({ url }: Begin, key: number): string {
  return `${url}/v1/kv/load-${key}`;
}

function valueOf(number: number, { valueBytes }: Begin): string {
  return String(number).padEnd(valueBytes, ' ');
}

function tellSecond(): void {
  const done = histogram;
  second.p50Ms = done.totalCount === 0 ? 0 : done.getValueAtPercentile(50) / 1000;
  second.p99Ms = done.totalCount === 0 ? 0 : done.getValueAtPercentile(99) / 1000;
  send({ kind: 'second', second });
  histogram = newHistogram();
  second = newSecond();
}

function newSecond(): LoadSecond {
  return { ok: 0, failed: 0, unknown: 0, p50Ms: 0, p99Ms: 0, reasons: {} };
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
}

function send(report: LoadReport): void {
  // Without a parent there is nobody to load for.
  if (!process.connected) process.exit(1);
  process.send!(report);
}
