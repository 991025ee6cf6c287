/**
 * Times in which clients worked on a shard and nothing was answered, although no fault explains it. An answer tells
 * the client a result: a success, or a condition that did not hold.
 */
import type { History } from '../../sim/checker/history/history-reader.ts';
import type { Finding } from './finding.ts';

/** An election, a start and a sharder's way to the new leader take a few seconds once a fault is over. */
const unexplainedNsMax = 10e9;
/** Clients pause for milliseconds between operations; during a longer pause no client was waiting. */
const pauseNsMax = 1e9;

/** A fault that was inflicted, and on whom. */
export interface Struck {
  victims: readonly string[];
  fromNs: number;
  untilNs: number;
}

export interface ClusterNames {
  shards: readonly { name: string; members: readonly string[] }[];
  sharders: readonly string[];
}

interface Span {
  fromNs: number;
  untilNs: number;
}

interface Work extends Span {
  isAnswered: boolean;
}

/**
 * A fault excuses the shard whose member it strikes, and every shard when it strikes the only sharder. The rest of a
 * silence outside of such faults is counted as a whole, so continuing faults cannot hide a shard that never comes back.
 * @param history its keys are "<shard>/<number>", its times those of `struck`.
 */
export function findSilences(history: History, struck: readonly Struck[], names: ClusterNames): Finding[] {
  const byShard = Map.groupBy(history.operations, ({ key }) => key?.split('/', 1)[0] ?? '');
  return names.shards.flatMap(({ name, members }) => {
    const excuses = joined(
      struck.filter(({ victims }) => isExcuse(victims, members, names.sharders)),
      0,
    );
    const work = (byShard.get(name) ?? []).map(({ invoked, returned, outcome }): Work => ({
      fromNs: history.timesNs[invoked]!,
      untilNs: history.timesNs[returned]!,
      isAnswered: outcome.kind === 'ok' || outcome.kind === 'mismatch',
    }));
    return silencesOf(work).flatMap(({ fromNs, untilNs }): Finding[] => {
      const unexplainedNs = untilNs - fromNs - overlapNs({ fromNs, untilNs }, excuses);
      if (unexplainedNs <= unexplainedNsMax) return [];
      return [{ kind: 'no-answer', who: name, fromNs, untilNs, unexplainedNs }];
    });
  });
}

function isExcuse(
  victims: readonly string[],
  members: readonly string[],
  sharders: readonly string[],
): boolean {
  return (
    victims.some((victim) => members.includes(victim)) || sharders.every((name) => victims.includes(name))
  );
}

/** The silences that are long enough to matter, whether or not a fault explains them. */
function silencesOf(work: readonly Work[]): Span[] {
  const answersNs = work.filter(({ isAnswered }) => isAnswered).map(({ untilNs }) => untilNs);
  const sorted = Float64Array.from(answersNs).toSorted();
  let next = 0;
  const found: Span[] = [];
  for (const spell of joined(work, pauseNsMax)) {
    let sinceNs = spell.fromNs;
    const close = (untilNs: number) => {
      if (untilNs - sinceNs > unexplainedNsMax) found.push({ fromNs: sinceNs, untilNs });
      sinceNs = untilNs;
    };
    for (; next < sorted.length && sorted[next]! <= spell.untilNs; next++) close(sorted[next]!);
    close(spell.untilNs);
  }
  return found;
}

/** Spans that overlap, or lie no further apart than `gapNsMax`, become one; ascending. */
function joined(spans: readonly Span[], gapNsMax: number): Span[] {
  const all: Span[] = [];
  for (const { fromNs, untilNs } of spans.toSorted((a, b) => a.fromNs - b.fromNs)) {
    const last = all.at(-1);
    if (last !== undefined && fromNs - last.untilNs <= gapNsMax)
      last.untilNs = Math.max(last.untilNs, untilNs);
    else all.push({ fromNs, untilNs });
  }
  return all;
}

function overlapNs(span: Span, disjoint: readonly Span[]): number {
  return disjoint.reduce(
    (sum, { fromNs, untilNs }) =>
      sum + Math.max(0, Math.min(untilNs, span.untilNs) - Math.max(fromNs, span.fromNs)),
    0,
  );
}
