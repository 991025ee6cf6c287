/** Requests as the fields of their messages in etcd.proto. */
import type { Compare, RangeRequest, RequestOp } from '../core/etcd-messages.ts';
import type { Fields } from './schema.ts';

const resultNumber = { equal: 0, greater: 1, less: 2, not_equal: 3 };
const targetNumber = { version: 0, create_revision: 1, mod_revision: 2, value: 3, lease: 4 };
const orderNumber = { ascend: 1, descend: 2 };
const sortTargetNumber = { key: 0, version: 1, create: 2, mod: 3, value: 4 };

function fromCompare(compare: Compare): Fields {
  return {
    result: resultNumber[compare.result],
    target: targetNumber[compare.target],
    key: compare.key,
    [compare.target]: compare.operand,
  };
}

function fromRange(range: RangeRequest): Fields {
  const fields: Fields = { key: range.key };
  if (range.rangeEnd !== undefined) fields['range_end'] = range.rangeEnd;
  if (range.limit) fields['limit'] = range.limit;
  if (range.revision) fields['revision'] = range.revision;
  if (range.sort) {
    fields['sort_order'] = orderNumber[range.sort.order];
    fields['sort_target'] = sortTargetNumber[range.sort.target];
  }
  if (range.serializable) fields['serializable'] = true;
  if (range.keysOnly) fields['keys_only'] = true;
  if (range.countOnly) fields['count_only'] = true;
  if (range.minModRevision) fields['min_mod_revision'] = range.minModRevision;
  if (range.maxModRevision) fields['max_mod_revision'] = range.maxModRevision;
  if (range.minCreateRevision) fields['min_create_revision'] = range.minCreateRevision;
  if (range.maxCreateRevision) fields['max_create_revision'] = range.maxCreateRevision;
  return fields;
}

export function fromRequest(op: RequestOp): Fields {
  switch (op.kind) {
    case 'range':
      return fromRange(op);
    case 'put':
      return { key: op.key, value: op.value, lease: op.lease ?? 0, prev_kv: op.prevKv ?? false };
    case 'delete_range':
      return { key: op.key, range_end: op.rangeEnd ?? '', prev_kv: op.prevKv ?? false };
    case 'txn':
      return {
        compare: op.compare.map(fromCompare),
        success: op.success.map(fromRequestOp),
        failure: op.failure.map(fromRequestOp),
      };
  }
}

function fromRequestOp(op: RequestOp): Fields {
  return { [`request_${op.kind}`]: fromRequest(op) };
}
