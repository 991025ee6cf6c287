/**
 * The queue of the kernel: a binary heap of events by virtual time, ties by the order in which they were scheduled.
 * Cancelled events stay until their time comes or the heap has doubled, and are then dropped, which keeps cancelling cheap:
 * most waiting events are deadlines, and nearly all deadlines are cancelled long before they come.
 */

const sweptSizeMin = 128;

/** One thing that will happen. Holds its argument beside its function so that scheduling needs no closure. */
export class ScheduledEvent {
  readonly atUs: number;
  readonly sequence: number;
  run: ((argument: never) => void) | null;
  argument: unknown;

  constructor(atUs: number, sequence: number, run: (argument: never) => void, argument: unknown) {
    this.atUs = atUs;
    this.sequence = sequence;
    this.run = run;
    this.argument = argument;
  }

  /** After this the event does nothing. Harmless when it has already happened. */
  cancel(): void {
    this.run = null;
    this.argument = null;
  }
}

export class EventHeap {
  #items: ScheduledEvent[] = [];
  #sweptAtSize = sweptSizeMin;

  get size(): number {
    return this.#items.length;
  }

  /** The earliest event, which stays in the heap; undefined when there is none. */
  peek(): ScheduledEvent | undefined {
    return this.#items[0];
  }

  push(event: ScheduledEvent): void {
    if (this.#items.length >= this.#sweptAtSize) this.#sweep();
    this.#items.push(event);
    this.#raise(event, this.#items.length - 1);
  }

  /** Drops cancelled events. The order is total, so the rest come out in the same order as before. */
  #sweep(): void {
    const items = this.#items.filter(({ run }) => run !== null);
    this.#items = [];
    for (const event of items) {
      this.#items.push(event);
      this.#raise(event, this.#items.length - 1);
    }
    this.#sweptAtSize = Math.max(sweptSizeMin, 2 * items.length);
  }

  #raise(event: ScheduledEvent, from: number): void {
    const items = this.#items;
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt]!;
      if (!isEarlier(event, parent)) break;
      items[at] = parent;
      at = parentAt;
    }
    items[at] = event;
  }

  /** Takes the earliest event out; undefined when there is none. */
  pop(): ScheduledEvent | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    const size = items.length;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= size) break;
      let child = items[childAt]!;
      const rightAt = childAt + 1;
      if (rightAt < size && isEarlier(items[rightAt]!, child)) {
        childAt = rightAt;
        child = items[rightAt]!;
      }
      if (!isEarlier(child, last)) break;
      items[at] = child;
      at = childAt;
    }
    items[at] = last;
    return top;
  }
}

function isEarlier(one: ScheduledEvent, other: ScheduledEvent): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.sequence < other.sequence);
}
