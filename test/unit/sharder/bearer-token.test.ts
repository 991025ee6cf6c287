import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { BearerToken } from '../../../sharder/http/bearer-token.ts';
import { HttpError } from '../../../sharder/http/http-error.ts';

const token = new BearerToken('correct-horse-battery');
const request = (authorization?: string) => ({ headers: { authorization } }) as unknown as IncomingMessage;

test.each(['Bearer correct-horse-battery', 'bearer  correct-horse-battery '])(
  '%j is let in',
  (authorization) => {
    expect(() => token.demand(request(authorization))).not.toThrow();
  },
);

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer correct-horse-batter',
  'Bearer correct-horse-battery2',
  'Bearer correct horse battery',
  'Basic correct-horse-battery',
  'correct-horse-battery',
])('%j is answered with 401 and how to do it', (authorization) => {
  let refusal: unknown;
  try {
    token.demand(request(authorization));
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(HttpError);
  expect(refusal).toMatchObject({
    status: 401,
    code: 'unauthorized',
    headers: ['www-authenticate', 'Bearer realm="vase"'],
  });
  expect((refusal as HttpError).message).not.toContain('correct');
});
