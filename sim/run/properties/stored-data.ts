/**
 * The data of every shard, as its members apply them, and what they make of each key for users: which value each version of a
 * key stands for, and which shard owned a slot at each epoch. Computed from the store's changes alone, with none of the
 * sharders' or movers' code: the answers to clients, and the data that a move hands over, are compared with it.
 */
import type { EtcdEvent, KeyValue } from '../../../sharder/core/etcd-messages.ts';
import { decodeValue } from '../scenario/intent.ts';
import { shownKey } from '../scenario/key-names.ts';
import type { Violations } from './violations.ts';

interface Stored {
  value: number;
  bytes: number;
  modRevision: number;
  createRevision: number;
}

/** The value that a version of a key stands for. */
export interface Named {
  value: number;
  created: number;
}

interface Owner {
  shard: number;
  versionOffset: number;
}

/** A mover writes an event twice when a watch tells it twice, as some of etcd's watches have done. */
const fillsMax = 2;

/** The keys of one slot, with what is stored there. */
type SlotData = Map<string, Stored>;

export class StoredData {
  private readonly violations: Violations;
  /** Shard to its slots that have, or had, keys. */
  private readonly shards = new Map<number, Map<number, SlotData>>();
  private readonly revisions = new Map<number, number>();
  /** "key version". */
  private readonly names = new Map<string, Named>();
  /** "slot epoch". */
  private readonly owners = new Map<string, Owner>();
  /** "shard key" of a slot that is being filled, to the value written there last, under which record, and how often. */
  private readonly filled = new Map<string, { value: number; claim: number; times: number }>();

  constructor(violations: Violations) {
    this.violations = violations;
  }

  /** The shard has applied this revision. */
  noteRevision(shard: number, revision: number): void {
    this.revisions.set(shard, revision);
  }

  /** @param name the user's key. @param versionOffset of the slot at the shard; null when it does not own it. */
  take(
    shard: number,
    { type, kv }: EtcdEvent,
    { slot, name, versionOffset }: { slot: number; name: string; versionOffset: number | null },
  ): void {
    const data = this.dataOf(shard, slot);
    if (type === 'delete') {
      data.delete(name);
      return;
    }
    const stored = toStored(kv);
    data.set(name, stored);
    if (versionOffset !== null) this.name(name, stored, versionOffset);
  }

  /** A mover has put a key into a slot that it fills: under one record it need not write a value again and again. */
  noteFilled(shard: number, { key, value: bytes }: KeyValue, claim: number): void {
    const value = decodeValue(bytes);
    const before = this.filled.get(`${shard} ${key}`);
    const times = before?.value === value && before.claim === claim ? before.times + 1 : 1;
    if (times > fillsMax)
      this.violations.add('thrift', `shard ${shard} is given value ${value} ${times} times under one claim`);
    this.filled.set(`${shard} ${key}`, { value, claim, times });
  }

  /** The shard owns the slot from now on. */
  own(shard: number, slot: number, { epoch, versionOffset }: { epoch: number; versionOffset: number }): void {
    this.owners.set(`${slot} ${epoch}`, { shard, versionOffset });
    for (const [name, stored] of this.dataOf(shard, slot)) this.name(name, stored, versionOffset);
  }

  /** A slot that has stopped at one shard continues at another: this must hold exactly what users wrote. */
  checkHandOver(slot: number, from: number, to: number): void {
    const before = this.dataOf(from, slot);
    const after = this.dataOf(to, slot);
    for (const [name, { value, bytes }] of before) {
      const carried = after.get(name);
      if (carried?.value !== value || carried.bytes !== bytes)
        this.add(
          `slot ${slot} goes from shard ${from} to ${to}: ${shownKey(name)} was ${value} and is ${carried?.value ?? 'missing'}`,
        );
    }
    for (const name of after.keys())
      if (!before.has(name))
        this.add(`slot ${slot} goes from shard ${from} to ${to}: ${shownKey(name)} was not there before`);
  }

  /** The value of this version of a key; undefined: no shard has ever had it. */
  named(key: string, version: number): Named | undefined {
    return this.names.get(`${key} ${version}`);
  }

  /** @returns why an answer from that place is impossible; null: it is possible. @param version of the slot, as the answer says. */
  whyNotOf(place: { shard: number; slot: number; epoch: number }, version: number): string | null {
    const owner = this.owners.get(`${place.slot} ${place.epoch}`);
    if (owner === undefined) return `slot ${place.slot} has had no owner at epoch ${place.epoch}`;
    if (owner.shard !== place.shard)
      return `shard ${owner.shard} owned slot ${place.slot} at epoch ${place.epoch}, not ${place.shard}`;
    const newest = (this.revisions.get(owner.shard) ?? 0) + owner.versionOffset;
    return version > newest ? `shard ${place.shard} is at version ${newest} only` : null;
  }

  private name(name: string, { value, modRevision, createRevision }: Stored, offset: number): void {
    this.names.set(`${name} ${modRevision + offset}`, { value, created: createRevision + offset });
  }

  private dataOf(shard: number, slot: number): SlotData {
    const slots = this.shards.get(shard) ?? new Map<number, SlotData>();
    this.shards.set(shard, slots);
    const data = slots.get(slot) ?? new Map<string, Stored>();
    slots.set(slot, data);
    return data;
  }

  private add(message: string): void {
    this.violations.add('handed_over', message);
  }
}

function toStored({ value, modRevision, createRevision }: KeyValue): Stored {
  return { value: decodeValue(value), bytes: value.length, modRevision, createRevision };
}
