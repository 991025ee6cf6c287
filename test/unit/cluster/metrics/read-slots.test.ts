import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSlots, slotsBetween } from '../../../../cluster/metrics/read-slots.ts';
import { SLOT_COUNT } from '../../../../sharder/core/slot.ts';

const counts = (hot: Record<number, number>) =>
  Array.from({ length: SLOT_COUNT }, (_, slot) => hot[slot] ?? 0);

let body = '';
const server = createServer((request, response) => {
  response.statusCode = request.url === '/slots' ? 200 : 404;
  response.end(body);
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
});
afterAll(() => server.close());

test('they are read beside the metrics; who does not answer is left out', async () => {
  body = JSON.stringify({ operations: counts({ 7: 3 }) });
  const read = await readSlots([url, 'http://127.0.0.1:1/metrics']);
  expect([...read.keys()]).toEqual([url]);
  expect(read.get(url)?.[7]).toBe(3);
});

test.each(['', '{}', '{"operations":[1,2]}', JSON.stringify({ operations: counts({ 1: -1 }) })])(
  'an answer that is none is left out: %.20s',
  async (text) => {
    body = text;
    expect((await readSlots([url])).size).toBe(0);
  },
);

test('what came between two readings is summed, and a process that began anew counts from nothing', () => {
  const before = new Map([
    ['a', counts({ 1: 10, 2: 5 })],
    ['b', counts({ 1: 100 })],
  ]);
  const after = new Map([
    ['a', counts({ 1: 13, 2: 5 })],
    ['b', counts({ 1: 4, 3: 1 })],
    ['c', counts({ 1: 1000 })],
  ]);
  const between = slotsBetween(before, after);
  expect(between.slice(0, 4)).toEqual([0, 7, 0, 1]);
});
