// What is written and read by hand of a transaction means the same to protobufjs.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  KeyValue,
  RequestOp,
  ResponseOp,
  TxnReply,
  TxnRequest,
} from '../../../sharder/core/etcd-messages.ts';
import { type Fields, messageType } from '../../../sharder/etcd/schema.ts';
import { fromRequest } from '../../../sharder/etcd/wire-request.ts';
import { methods } from '../../../sharder/etcd/wire.ts';

const requestType = messageType('TxnRequest');
const responseType = messageType('TxnResponse');

/** With a surrogate pair now and then; alone a half of one is no text that etcd takes. */
const text = (max: number) =>
  fc.oneof(fc.string({ maxLength: max }), fc.string({ unit: 'grapheme', maxLength: max }));
const key = fc.oneof(text(12), fc.string({ minLength: 40, maxLength: 300 }));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 120, maxLength: 140 }),
  fc.integer({ min: 16_000, max: 20_000 }).map((length) => new Uint8Array(length).fill(7)),
);
const whole = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);

const plain: fc.Arbitrary<RequestOp> = fc.oneof(
  key.map((each) => ({ kind: 'range' as const, key: each })),
  fc.record({ kind: fc.constant('put' as const), key, value: bytes, prevKv: fc.constant(false) }),
);
const special: fc.Arbitrary<RequestOp> = fc.oneof(
  fc.record({ kind: fc.constant('range' as const), key, rangeEnd: key, limit: whole }),
  fc.record({ kind: fc.constant('range' as const), key, keysOnly: fc.constant(true) }),
  fc.record({ kind: fc.constant('range' as const), key, minModRevision: whole }),
  fc.record({ kind: fc.constant('put' as const), key, value: bytes, prevKv: fc.constant(true) }),
  fc.record({ kind: fc.constant('put' as const), key, value: bytes, lease: whole }),
  fc.record({ kind: fc.constant('delete_range' as const), key, prevKv: fc.boolean() }),
);
const compare = fc.record({
  key,
  target: fc.constant('mod_revision' as const),
  result: fc.constantFrom('equal' as const, 'not_equal' as const),
  operand: whole,
});
const ops = fc.oneof(fc.array(plain, { maxLength: 8 }), fc.array(fc.oneof(plain, special), { maxLength: 5 }));
const flat = fc.record({
  kind: fc.constant('txn' as const),
  compare: fc.array(compare, { maxLength: 3 }),
  success: ops,
  failure: ops,
});
const request: fc.Arbitrary<TxnRequest> = fc.oneof(
  flat,
  fc.tuple(flat, flat).map(([outer, inner]) => ({ ...outer, success: [...outer.success, inner] })),
);

/** What a message says, whichever way its bytes say it: without what has its default. */
const meaning = (message: Uint8Array) =>
  JSON.stringify(
    requestType.toObject(requestType.decode(message), { longs: String, bytes: String, defaults: true }),
  );

test('a transaction is written as protobufjs writes it', () => {
  fc.assert(
    fc.property(request, (each) => {
      const expected = requestType.encode(fromRequest(each)).finish();
      expect(meaning(methods.txn.encode(each))).toBe(meaning(expected));
    }),
  );
});

const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key,
  value: bytes,
  createRevision: whole,
  modRevision: whole,
  version: whole,
  lease: whole,
});
const simple: fc.Arbitrary<ResponseOp> = fc.oneof(
  fc.record({
    kind: fc.constant('range' as const),
    header: fc.constant(null),
    kvs: fc.array(keyValue, { maxLength: 2 }),
    more: fc.boolean(),
    count: whole,
  }),
  fc.record({
    kind: fc.constant('put' as const),
    header: fc.constant(null),
    prevKv: fc.option(keyValue),
  }),
  fc.record({
    kind: fc.constant('delete_range' as const),
    header: fc.constant(null),
    deleted: whole,
    prevKvs: fc.array(keyValue, { maxLength: 2 }),
  }),
);
const nested: fc.Arbitrary<ResponseOp> = fc.record({
  kind: fc.constant('txn' as const),
  header: fc.constant(null),
  succeeded: fc.boolean(),
  responses: fc.array(simple, { maxLength: 2 }),
});
const reply: fc.Arbitrary<TxnReply> = fc.record({
  kind: fc.constant('txn' as const),
  header: fc.record({
    memberId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    revision: whole,
    raftTerm: whole,
  }),
  succeeded: fc.boolean(),
  responses: fc.array(fc.oneof(simple, nested), { maxLength: 4 }),
});

const wireKeyValue = (kv: KeyValue | null): Fields | null =>
  kv && {
    key: kv.key,
    value: kv.value,
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    lease: kv.lease,
  };

/** etcd puts a header with the revision alone into each part. */
const innerHeader = { revision: 7 };

function wireResponse(op: ResponseOp): Fields {
  switch (op.kind) {
    case 'range':
      return {
        response_range: {
          header: innerHeader,
          kvs: op.kvs.map(wireKeyValue),
          more: op.more,
          count: op.count,
        },
      };
    case 'put':
      return { response_put: { header: innerHeader, prev_kv: wireKeyValue(op.prevKv) } };
    case 'delete_range':
      return {
        response_delete_range: {
          header: innerHeader,
          deleted: op.deleted,
          prev_kvs: op.prevKvs.map(wireKeyValue),
        },
      };
    case 'txn':
      return {
        response_txn: {
          header: innerHeader,
          succeeded: op.succeeded,
          responses: op.responses.map(wireResponse),
        },
      };
  }
}

function wireReply({ header, succeeded, responses }: TxnReply): Buffer {
  const { memberId, revision, raftTerm } = header!;
  const fields = {
    header: { cluster_id: '18446744073709551615', member_id: memberId, revision, raft_term: raftTerm },
    succeeded,
    responses: responses.map(wireResponse),
  };
  return Buffer.from(responseType.encode(responseType.fromObject(fields)).finish());
}

/** Values compare as bytes, whatever holds them. */
const asArrays = (kv: KeyValue): KeyValue => ({ ...kv, value: new Uint8Array(kv.value) });
function withArrays(op: ResponseOp): ResponseOp {
  switch (op.kind) {
    case 'range':
      return { ...op, kvs: op.kvs.map(asArrays) };
    case 'put':
      return { ...op, prevKv: op.prevKv && asArrays(op.prevKv) };
    case 'delete_range':
      return { ...op, prevKvs: op.prevKvs.map(asArrays) };
    case 'txn':
      return { ...op, responses: op.responses.map(withArrays) };
  }
}

test('a reply is read as it was written by protobufjs', () => {
  fc.assert(
    fc.property(reply, (each) => {
      const read = methods.txn.decode(wireReply(each)) as TxnReply;
      expect(withArrays(read)).toEqual(withArrays(each));
    }),
  );
});

test('fields that are not known are skipped, and a reply that is cut off is none', () => {
  const known = wireReply({
    kind: 'txn',
    header: { memberId: '5', revision: 9, raftTerm: 2 },
    succeeded: true,
    responses: [],
  });
  // Field 15 as a varint, as 8 bytes, as text, as 4 bytes.
  const unknown = [
    [0x78, 0xff, 0xff, 0x03],
    [0x79, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x7a, 2, 65, 66],
    [0x7d, 1, 2, 3, 4],
  ];
  for (const field of unknown) {
    const around = Buffer.from([...field, ...known, ...field]);
    expect(methods.txn.decode(around)).toMatchObject({
      succeeded: true,
      header: { memberId: '5', revision: 9 },
    });
    expect(() => methods.txn.decode(around.subarray(0, -1))).toThrow();
  }
  expect(() => methods.txn.decode(Buffer.from([0x1a, 5, 0x0a, 1]))).toThrow();
  expect(() => methods.txn.decode(Buffer.from([0x7b]))).toThrow();
  expect(() => methods.txn.decode(Buffer.from([0x10, 0x80]))).toThrow();
  expect(() => methods.txn.decode(Buffer.from([0x10]))).toThrow();
  // A response of a kind that Vase does not ask for.
  expect(() => methods.txn.decode(Buffer.from([0x1a, 0]))).toThrow('kind');
});
