import { expect, test } from 'vitest';
import type { LoadRequest } from '../../../../../scripts/bench/load/requests.ts';
import { WrittenKeys } from '../../../../../scripts/bench/load/written-keys.ts';

const put: LoadRequest = { method: 'PUT', path: '/set', key: 7 };
const get: LoadRequest = { method: 'GET', path: '/get/7_value_key', key: 7 };
const missing = '{"data":{"errorCode":100,"message":"Key not found","cause":"/7_value_key","index":9}}';

test('a get must find what was acknowledged before it, and nothing else', () => {
  const written = new WrittenKeys();
  expect(written.mustFind(get)).toBe(false);
  for (const status of [429, 503, 504]) written.judge(put, status, null);
  expect(written.mustFind(get)).toBe(false);
  expect(written.judge(put, 200, null)).toBe('ok');
  expect(written.mustFind(get)).toBe(true);
  expect(written.mustFind({ ...get, key: 8 })).toBe(false);
  expect(written.mustFind(put)).toBe(false);
});

test('a get that had to find a value and found none has failed, and one that found it is ok', () => {
  const written = new WrittenKeys();
  expect(written.judge(get, 200, missing)).toBe('failed');
  expect(written.judge(get, 200, Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${missing}`))).toBe('failed');
  expect(written.judge(get, 200, '{"data":{"action":"get","node":{"value":"v"}}}')).toBe('ok');
  expect(written.judge(get, 504, missing)).toBe('indefinite');
});
