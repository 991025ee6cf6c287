/** The published results of the original Vase (2022, GKE, locust, 500 users): the eight cells of its two figures. */
import { readFileSync } from 'node:fs';
import type { PlottedFigure } from './figures.ts';

export interface OriginalResult {
  test: string;
  sharders: number;
  shards: number;
  figures: Record<PlottedFigure, number>;
}

/** Its figure along sharders had seven shards, its figure along shards thirty sharders. */
export const originalFixed = { sharders: 7, shards: 30 } as const;

export function readOriginalResults(): OriginalResult[] {
  const text = readFileSync(new URL('../data/original-results.csv', import.meta.url), 'utf8');
  const [header, ...rows] = text.trim().split('\n');
  const names = header!.split(',');
  return rows.map((row) => {
    const fields = row.split(',');
    const field = (name: string): string => fields[names.indexOf(name)]!;
    return {
      test: field('test'),
      sharders: Number(field('sharders')),
      shards: Number(field('shards')),
      figures: {
        requests_per_second: Number(field('requests_per_second')),
        median_ms: Number(field('median_ms')),
        mean_ms: Number(field('mean_ms')),
        p95_ms: Number(field('p95_ms')),
      },
    };
  });
}
