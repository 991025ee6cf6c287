/**
 * Compares the view with the shards' own records: each slot has one owner, and the view names it. While slots move, both
 * change: slots that are moving are left out, and a view that changed during the comparison is not judged.
 */
import { decodeFence, fenceKeys, type FenceRecord } from '../../sharder/core/fence.ts';
import { decodeView, shardName, VIEW_KEY, type View, type ViewShard } from '../../sharder/core/view.ts';
import type { EtcdCaller } from '../etcd/etcd-caller.ts';
import type { Problem } from './provider.ts';
import { readStored } from '../records/stored-record.ts';
import { describeSlots } from '../records/slot-list.ts';

/**
 * @param shards those that have a quorum, the home shard first; the others say nothing.
 * @returns empty, too, where the home shard does not answer.
 */
export async function findOwnerProblems(rpc: EtcdCaller, shards: readonly ViewShard[]): Promise<Problem[]> {
  const [home] = shards;
  if (home === undefined) return [];
  const readView = () => readStored(rpc, home.endpoints, { key: VIEW_KEY }, decodeView);
  const before = await readView();
  const fences = await Promise.all(
    shards.map(({ endpoints }) => readStored(rpc, endpoints, fenceKeys, decodeFence)),
  );
  const after = await readView();
  if (before === null || after === null || before.epoch !== after.epoch) return [];
  return compareOwners(
    after,
    fences.filter((fence) => fence !== null),
  );
}

/** @param fences of the shards that answer. */
export function compareOwners(view: View, fences: readonly FenceRecord[]): Problem[] {
  const moving = new Set(view.moves.flatMap(({ slots }) => slots));
  const twice = new Map<string, number[]>();
  const nobodys = new Map<string, number[]>();
  for (const [slot, viewed] of view.slots.entries()) {
    if (moving.has(slot)) continue;
    const owners = fences.filter(({ slots }) => slots[slot]?.kind === 'owned').map(({ shard }) => shard);
    // The owner of the slot by the view does not answer: the view is believed.
    const isAsked = fences.some(({ shard }) => shard === viewed);
    if (!isAsked) owners.push(viewed);
    if (owners.length > 1) note(twice, ascending(owners).map(shardName).join(' and '), slot);
    else if (!owners.includes(viewed)) note(nobodys, shardName(viewed), slot);
  }
  return [
    ...[...twice].map(([owners, slots]): Problem => ({
      what: `${owners} both own slots ${describeSlots(slots)}: what is written to one is not read from the other`,
      fix: 'Stop what writes, keep all data folders as they are, and see the logs of the view servers.',
    })),
    ...[...nobodys].map(([owner, slots]): Problem => ({
      what: `${owner} does not own slots ${describeSlots(slots)}, which the view gives to it`,
      fix: 'Keep all data folders as they are, and see the logs of the view servers: requests for these slots may wait in vain.',
    })),
  ];
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

function note(slotsBy: Map<string, number[]>, who: string, slot: number): void {
  const slots = slotsBy.get(who);
  if (slots === undefined) slotsBy.set(who, [slot]);
  else slots.push(slot);
}
