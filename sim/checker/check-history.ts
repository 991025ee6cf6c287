/**
 * The linearizability checker: judges a history key by key. That is enough because linearizability is local (Herlihy and
 * Wing, 1990): a history is linearizable if and only if the history of each key is. Pure and deterministic; its bounds are
 * steps and bytes, never wall time.
 */
import { explainIllegal } from './search/blocked-operation.ts';
import { compileKey, NO_VERSION, type KeyHistory } from './history/key-history.ts';
import { limits } from './history/limits.ts';
import type { Operation } from './history/operation.ts';
import { describeBlocked } from './history/operation-text.ts';
import { createRegisterModel } from './models/register-model.ts';
import { search, type SearchBudget, type SearchResult } from './search/search.ts';
import type { HistoryVerdict, KeyVerdict } from './verdict.ts';
import { createVersionedModel } from './models/versioned-model.ts';
import { judgeByVersions } from './versions/version-path.ts';

export const defaultBudget: SearchBudget = {
  stepsMax: limits.searchStepsMax,
  bytesMax: limits.searchBytesMax,
};

/** @param budget the steps and bytes that the search may spend on each key. */
export function checkHistory(operations: readonly Operation[], budget = defaultBudget): HistoryVerdict {
  const keys: KeyVerdict[] = [];
  for (const [key, members] of groupByKey(operations)) {
    keys.push(judgeKey(operations, key, compileKey(operations, members), budget));
  }
  const has = (kind: KeyVerdict['kind']): boolean => keys.some((verdict) => verdict.kind === kind);
  return { kind: has('illegal') ? 'illegal' : has('unknown') ? 'unknown' : 'ok', keys };
}

function groupByKey(operations: readonly Operation[]): Map<string | null, number[]> {
  const groups = new Map<string | null, number[]>();
  for (let index = 0; index < operations.length; index++) {
    const { key } = operations[index]!;
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [index]);
    else members.push(index);
  }
  return groups;
}

function judgeKey(
  operations: readonly Operation[],
  key: string | null,
  history: KeyHistory,
  budget: SearchBudget,
): KeyVerdict {
  const toSource = (order: Int32Array): number[] => Array.from(order, (index) => history.source[index]!);
  const about = { key, operations: history.count };
  const byVersions = judgeByVersions(history);
  if (byVersions.kind !== 'undecided') {
    const found = { ...about, path: 'versions', order: toSource(byVersions.order) } as const;
    if (byVersions.kind === 'ok') return { ...found, kind: 'ok' };
    const { blocked, against, reason } = byVersions;
    const illegal = { ...found, kind: 'illegal', blocked: history.source[blocked]!, reason } as const;
    return against === undefined ? illegal : { ...illegal, against: history.source[against]! };
  }
  const result = searchKey(history, budget);
  if (result.kind !== 'illegal')
    return { ...about, ...result, path: 'search', order: toSource(result.order) };
  const stepsMax = budget.stepsMax / limits.explanationShare;
  const { blocked, order } = explainIllegal(history, result, (cut) =>
    searchKey(cut, { ...budget, stepsMax }),
  );
  return {
    ...about,
    kind: 'illegal',
    path: 'search',
    order: toSource(order),
    blocked: history.source[blocked]!,
    reason: describeBlocked(operations[history.source[blocked]!]!),
  };
}

/** The general path alone, for one key. Exported for the property that compares both paths. */
export function searchKey(history: KeyHistory, budget: SearchBudget): SearchResult {
  const versioned = history.version.some((version) => version !== NO_VERSION);
  return search(history, versioned ? createVersionedModel(history) : createRegisterModel(history), budget);
}
