/**
 * Bytes that all requests together may hold of one kind, bodies or replies, and who holds them. The parties share a budget
 * by dynamic thresholds (Choudhury and Hahne, 1998): each may hold at most as much as is still free. One alone gets half,
 * n greedy ones get 1/(n+1) each, and one that comes later always finds room: the requests of a shard that does not answer,
 * slow uploads, or a client that does not read cannot take what the others need.
 */
import type { Lifetime, Resource } from './lifetime.ts';

/** Who holds: a shard's name, a stage of a request, or a connection. */
export type Party = string | object;

/** What a party holds of a budget. */
type Share = readonly [party: Party, bytes: number];

/** The books of a budget, which its holds write in. */
interface Books {
  fits(share: Share): boolean;
  add(share: Share): void;
  subtract(share: Share): void;
  closed(): void;
}

export class MemoryBudget {
  readonly name: string;
  readonly limitBytes: number;
  private held = 0;
  private holdsOpen = 0;
  private readonly parties = new Map<Party, number>();

  constructor(name: string, limitBytes: number) {
    this.name = name;
    this.limitBytes = limitBytes;
  }

  /** What a request can hold at most, even when it is alone: one that needs more can never be taken. */
  get largestBytes(): number {
    return Math.floor(this.limitBytes / 2);
  }

  get heldBytes(): number {
    return this.held;
  }

  /** How many holds there are, empty ones too. */
  get holds(): number {
    return this.holdsOpen;
  }

  /** For the metrics. */
  get heldByParty(): ReadonlyMap<Party, number> {
    return this.parties;
  }

  /** Takes so many bytes until the lifetime ends; null when there is no room, or when the lifetime has ended. */
  take(lifetime: Lifetime, party: Party, bytes: number): Hold | null {
    if (lifetime.over || !this.books.fits([party, bytes])) return null;
    this.holdsOpen++;
    const hold = new Hold(lifetime, this.books, [party, bytes]);
    lifetime.keep(hold);
    return hold;
  }

  private readonly books: Books = {
    fits: ([party, bytes]) => (this.parties.get(party) ?? 0) + bytes <= this.limitBytes - this.held - bytes,
    add: (share) => this.enter(share, 1),
    subtract: (share) => this.enter(share, -1),
    closed: () => void this.holdsOpen--,
  };

  private enter([party, bytes]: Share, sign: 1 | -1): void {
    const after = (this.parties.get(party) ?? 0) + sign * bytes;
    this.held += sign * bytes;
    if (after === 0) this.parties.delete(party);
    else this.parties.set(party, after);
  }
}

/** Bytes that a request holds. */
export class Hold implements Resource {
  private readonly lifetime: Lifetime;
  private readonly books: Books;
  private shares: readonly Share[];
  private isOpen = true;

  constructor(lifetime: Lifetime, books: Books, share: Share) {
    this.lifetime = lifetime;
    this.books = books;
    this.shares = [share];
    books.add(share);
  }

  /** Holds these instead; false, and nothing changed, when there is no room, or when it was given back already. */
  change(shares: Iterable<Share>): boolean {
    if (!this.isOpen) return false;
    for (const share of this.shares) this.books.subtract(share);
    const taken: Share[] = [];
    for (const share of shares) {
      if (!this.books.fits(share)) {
        for (const each of taken) this.books.subtract(each);
        for (const each of this.shares) this.books.add(each);
        return false;
      }
      this.books.add(share);
      taken.push(share);
    }
    this.shares = taken;
    return true;
  }

  /** Gives it back now; the end of the lifetime does so otherwise. */
  giveUp(): void {
    this.lifetime.release(this);
  }

  release(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const share of this.shares) this.books.subtract(share);
    this.shares = [];
    this.books.closed();
  }
}
