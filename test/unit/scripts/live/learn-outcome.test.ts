import { describe, expect, test } from 'vitest';
import { learnOutcome } from '../../../../scripts/live/learn-outcome.ts';
import type { Action } from '../../../../sim/checker/history/operation.ts';

const get: Action = { kind: 'get' };
const put: Action = { kind: 'put', value: 7 };
const cas: Action = { kind: 'cas', expected: 6, value: 7 };
const remove: Action = { kind: 'delete' };

function reply(status: number, { etag, body = '' }: { etag?: string; body?: string } = {}) {
  return { kind: 'reply', status, headers: etag === undefined ? {} : { etag }, body } as const;
}

function refusal(status: number, definite: boolean) {
  return reply(status, { body: JSON.stringify({ error: { code: 'any', message: 'any', definite } }) });
}

describe('a success', () => {
  test('of a get carries the value and its version', () => {
    expect(learnOutcome(get, reply(200, { etag: '"12"', body: '7' }))).toEqual({
      kind: 'ok',
      value: 7,
      version: 12,
    });
  });

  test('of a get whose value this run did not write keeps it as it is', () => {
    expect(learnOutcome(get, reply(200, { etag: '"12"', body: 'seven' }))).toMatchObject({ value: 'seven' });
  });

  test.each([put, cas])('of a $kind carries the version that it made', (action) => {
    expect(learnOutcome(action, reply(204, { etag: '"12"' }))).toEqual({ kind: 'ok', version: 12 });
  });

  test('of a delete says that something was removed', () => {
    expect(learnOutcome(remove, reply(204, { etag: '"12"' }))).toEqual({
      kind: 'ok',
      removed: true,
      version: 12,
    });
  });
});

describe('an observation', () => {
  test('404: a get found nothing, a delete removed nothing', () => {
    expect(learnOutcome(get, refusal(404, true))).toEqual({ kind: 'ok', value: null });
    expect(learnOutcome(remove, refusal(404, true))).toEqual({ kind: 'ok', removed: false });
  });

  test('412: a cas found another value', () => {
    expect(learnOutcome(cas, refusal(412, true))).toEqual({ kind: 'mismatch' });
  });
});

test.each([400, 429, 503])('%i that is definite is a failure', (status) => {
  expect(learnOutcome(put, refusal(status, true))).toEqual({ kind: 'fail' });
});

test('a connection that never came about is a failure', () => {
  expect(learnOutcome(put, { kind: 'not_sent' })).toEqual({ kind: 'fail' });
});

test.each([
  ['504', refusal(504, false)],
  ['a lost answer', { kind: 'lost' } as const],
  ["an error that is not the store's", reply(502, { body: '<html>' })],
  ['an error without a word on it', reply(503, { body: '{}' })],
])('after %s the operation is open', (_, answer) => {
  expect(learnOutcome(put, answer)).toEqual({ kind: 'open' });
});
