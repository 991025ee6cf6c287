/** What the contract asks: relative requests (see relative.ts) over few keys, so that they meet. */
import fc from 'fast-check';
import type {
  Compare,
  EtcdRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchRequest,
} from '../../sharder/core/etcd-messages.ts';

/** Small, so that sequences exceed them: what both sides are started with. */
export const contractLimits = { maxTxnOps: 6, maxRequestBytes: 4_096 };

/** The last four are where the orders of UTF-8 and UTF-16 differ. */
const key = fc.constantFrom('a', 'b', 'c', 'b/', 'a\0', 'é', '\ue000', '\uffff', '\u{1f600}', '\u{10ffff}');
const keyOrEmpty = fc.oneof({ weight: 40, arbitrary: key }, { weight: 1, arbitrary: fc.constant('') });
const rangeEnd = fc.constantFrom('a', 'b', 'b0', 'd', '\ue001', '\uffff', '\u{1f601}', '\0');
const value = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(contractLimits.maxRequestBytes + 1)) },
);
/** 0: none. A sequence makes about ten revisions; what lies beyond is a future revision. */
const revision = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: 6, max: 20 }) },
);
const lease = fc.integer({ min: 1, max: 2 });
const noOrLease = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: lease });

/** Drops fields that are undefined: an absent field is not an undefined one. @param freq absent once in so many. */
const optional = <Value>(arbitrary: fc.Arbitrary<Value>, freq = 2): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq });
const seldom = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
function compact<Record extends object>(
  record: Record,
): { [Name in keyof Record]: NonNullable<Record[Name]> } {
  return Object.fromEntries(Object.entries(record).filter(([, field]) => field !== undefined)) as {
    [Name in keyof Record]: NonNullable<Record[Name]>;
  };
}

const range: fc.Arbitrary<RangeRequest> = fc
  .record({
    kind: fc.constant('range' as const),
    key: keyOrEmpty,
    rangeEnd: optional(rangeEnd, 4),
    limit: optional(fc.integer({ min: 0, max: 3 })),
    revision,
    keysOnly: seldom(fc.boolean()),
    countOnly: seldom(fc.boolean()),
    sort: optional(
      fc.record({
        target: fc.constantFrom('key', 'version', 'create', 'mod', 'value'),
        order: fc.constantFrom('ascend', 'descend'),
      }),
    ),
    minModRevision: seldom(revision),
    maxModRevision: seldom(revision),
    minCreateRevision: seldom(revision),
    maxCreateRevision: seldom(revision),
    serializable: seldom(fc.boolean()),
  })
  .map(compact);

const put: fc.Arbitrary<PutRequest> = fc
  .record({
    kind: fc.constant('put' as const),
    key: keyOrEmpty,
    value,
    lease: noOrLease,
    prevKv: optional(fc.boolean()),
  })
  .map(compact);

const deleteRange = fc
  .record({
    kind: fc.constant('delete_range' as const),
    key: keyOrEmpty,
    rangeEnd: optional(rangeEnd),
    prevKv: optional(fc.boolean()),
  })
  .map(compact);

const result = fc.constantFrom('equal' as const, 'greater' as const, 'less' as const, 'not_equal' as const);
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    key: keyOrEmpty,
    result,
    target: fc.constant('version' as const),
    operand: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    key: keyOrEmpty,
    result,
    target: fc.constantFrom('create_revision' as const, 'mod_revision' as const),
    operand: revision,
  }),
  fc.record({ key: keyOrEmpty, result, target: fc.constant('lease' as const), operand: noOrLease }),
  fc.record({
    key: keyOrEmpty,
    result,
    target: fc.constant('value' as const),
    operand: fc.uint8Array({ maxLength: 3 }),
  }),
);

/** One more than allowed. */
const operationsMax = contractLimits.maxTxnOps + 1;
const flat = fc.oneof(
  { weight: 3, arbitrary: put },
  { weight: 2, arbitrary: range },
  { weight: 1, arbitrary: deleteRange },
);
const inner: fc.Arbitrary<TxnRequest> = txnOf(flat, 2);
const nested: fc.Arbitrary<TxnRequest> = txnOf(
  fc.oneof({ weight: 6, arbitrary: flat }, { weight: 1, arbitrary: inner }),
  2,
);
const txn: fc.Arbitrary<TxnRequest> = fc.oneof(
  {
    weight: 4,
    arbitrary: txnOf(fc.oneof({ weight: 8, arbitrary: flat }, { weight: 1, arbitrary: nested }), 4),
  },
  { weight: 1, arbitrary: txnOf(range, 4) },
  { weight: 1, arbitrary: txnOf(flat, operationsMax) },
);

function txnOf(operation: fc.Arbitrary<RequestOp>, lengthMax: number): fc.Arbitrary<TxnRequest> {
  return fc.record({
    kind: fc.constant('txn' as const),
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(operation, { maxLength: lengthMax }),
    failure: fc.array(operation, { maxLength: 2 }),
  });
}

export const request: fc.Arbitrary<EtcdRequest> = fc.oneof(
  { weight: 10, arbitrary: put },
  { weight: 8, arbitrary: range },
  { weight: 3, arbitrary: deleteRange },
  { weight: 8, arbitrary: txn },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      revision: fc.integer({ min: 1, max: 7 }),
      // Without it etcd removes what was compacted some time later, and a watch may still see it.
      physical: fc.constant(true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('lease_grant' as const),
      id: lease,
      ttlSeconds: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(60, 600) },
        { weight: 1, arbitrary: fc.constant(9_000_000_001) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lease_revoke' as const), id: lease }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lease_keep_alive' as const), id: lease }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lease_time_to_live' as const),
      id: lease,
      keys: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'status' as const }) },
);

/** Intervals that hold their own first key, so that the end of the watch can be marked by a put. */
export const watchRequest: fc.Arbitrary<WatchRequest> = fc
  .record({
    key,
    rangeEnd: fc.constantFrom(undefined, '\0'),
    // Often the past, so that compaction is met.
    startRevision: fc.oneof(
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
      { weight: 3, arbitrary: revision },
    ),
    prevKv: fc.boolean(),
  })
  .map(compact);
