/** The sources that are mutated: the sharder's core, its etcd client, and the mover. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listMutants } from './list-mutants.ts';
import type { Mutant } from './mutant.ts';

/** It decides when to scale, which is not the mover's work; its unit tests judge it. */
const leftOut = 'cluster/resharding/plan/autoscaler.ts';
const rooms = ['sharder/core/*.ts', 'sharder/etcd/client/*.ts', 'cluster/resharding/**/*.ts'];
export const checkout = join(import.meta.dirname, '..', '..', '..');

export function sourcesOfRooms(): Map<string, string> {
  const files = rooms.flatMap((room) => globSync(room, { cwd: checkout })).filter((file) => file !== leftOut);
  return new Map(files.toSorted().map((file) => [file, readFileSync(join(checkout, file), 'utf8')]));
}

/** The mutants of all rooms, in the order of their files. */
export function mutantsOfRooms(): Mutant[] {
  return [...sourcesOfRooms()].flatMap(([file, source]) => listMutants(file, source));
}
