/**
 * How many of a lane's places each client and each key holds: a client, so that one connection cannot fill the lane; a
 * key, because a transaction carries one write of a key. After fq_codel (RFC 8290): when there is no room, the client
 * that holds most gives way.
 */
import type { Client } from './client.ts';
import type { Pending } from './pending.ts';

export class LaneShares {
  private readonly ofClient = new Map<Client, number>();
  private readonly ofKey = new Map<string, number>();
  private readonly countsKeys: boolean;
  /** No client has more: while all have a place or two, no search is needed. */
  private mostBound = 0;

  constructor(countsKeys: boolean) {
    this.countsKeys = countsKeys;
  }

  /** Forgets all counts, and counts these operations. */
  countAnew(waiting: readonly Pending[]): void {
    this.ofClient.clear();
    this.ofKey.clear();
    this.mostBound = 0;
    for (const pending of waiting) this.add(pending);
  }

  add({ client, etcdKey }: Pending): void {
    if (this.countsKeys) this.ofKey.set(etcdKey, (this.ofKey.get(etcdKey) ?? 0) + 1);
    if (client === null) return;
    const count = (this.ofClient.get(client) ?? 0) + 1;
    this.ofClient.set(client, count);
    if (count > this.mostBound) this.mostBound = count;
  }

  remove({ client, etcdKey }: Pending): void {
    if (this.countsKeys) decrement(this.ofKey, etcdKey);
    if (client !== null) decrement(this.ofClient, client);
  }

  /** Operations on this key that wait; 0 where keys are not counted. */
  waitingOnKey(key: string): number {
    return this.ofKey.get(key) ?? 0;
  }

  /** The client that holds most, if it still holds at least as many places as `newcomer` after it has given one to it. */
  whoGivesWay(newcomer: Client | null): Client | null {
    const fair = (newcomer === null ? 0 : (this.ofClient.get(newcomer) ?? 0)) + 2;
    if (newcomer === null || this.mostBound < fair) return null;
    let most = 0;
    let greediest: Client | null = null;
    for (const [client, count] of this.ofClient) {
      if (count <= most) continue;
      most = count;
      greediest = client;
    }
    this.mostBound = most;
    return most < fair ? null : greediest;
  }
}

function decrement<Key>(counts: Map<Key, number>, key: Key): void {
  const count = counts.get(key) ?? 0;
  if (count <= 1) counts.delete(key);
  else counts.set(key, count - 1);
}
