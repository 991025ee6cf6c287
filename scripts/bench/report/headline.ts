/** What a reader should know after five seconds: the best cell, the distance to the original, what held, what is missing. */
import { formatNumber, formatRatio } from '../analysis/figures.ts';
import { spreadOf } from '../analysis/summary.ts';
import type { PageInput } from './page-input.ts';

export interface Card {
  value: string;
  text: string;
  tone: '' | 'good' | 'bad';
}

export function makeCards({ run, summaries, judged, originalBest }: PageInput): Card[] {
  const cards: Card[] = [];
  const measured = summaries.flatMap((summary) => {
    const perSecond = spreadOf(summary, 'requests_per_second');
    return perSecond === null ? [] : [{ summary, perSecond: perSecond.mean }];
  });
  const best = measured.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  if (best !== undefined) {
    const { test, cell } = best.summary;
    cards.push({
      value: `${formatNumber(best.perSecond)} requests/s`,
      text: `the most, in ${test}: ${count(cell.sharders, 'sharder')}, ${count(cell.shards, 'shard')}, ${cell.workload.name}`,
      tone: '',
    });
    cards.push({
      value: formatRatio(best.perSecond / originalBest),
      text: `the original's best cell (${formatNumber(originalBest)} requests/s, on GKE)`,
      tone: '',
    });
  }
  if (judged.length > 0) {
    const held = judged.filter(({ verdict }) => verdict === 'held').length;
    cards.push({
      value: `${held} of ${judged.length}`,
      text: 'expectations held',
      tone: held === judged.length ? 'good' : 'bad',
    });
  }
  const limited = summaries.filter(({ notTheStore }) => notTheStore).length;
  cards.push({
    value: `${measured.length} of ${run.plan.cells.length}`,
    text: `cells measured${limited === 0 ? '' : `, ${limited} of them at the limit of this machine`}`,
    tone: measured.length === run.plan.cells.length ? '' : 'bad',
  });
  return cards;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
