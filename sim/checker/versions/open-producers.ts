/** Finds, for a version that reads have found but nobody acknowledged, the open operation that made it. */
import { kinds, type KeyHistory } from '../history/key-history.ts';

interface Queue {
  operations: number[];
  taken: number;
}

export class OpenProducers {
  /** The operations that have been taken, each to the place that it has been given. */
  readonly places = new Map<number, number>();
  private readonly history: KeyHistory;
  private readonly writes = new Map<string, Queue>();
  private readonly appends: number[] = [];

  constructor(history: KeyHistory) {
    this.history = history;
    const { count, invoked, returned } = history;
    const open: number[] = [];
    for (let index = 0; index < count; index++) if (returned[index] === Infinity) open.push(index);
    open.sort((a, b) => invoked[a]! - invoked[b]! || a - b);
    for (const operation of open) this.add(operation);
  }

  /** The open operation, first invoked and not yet taken, that turns `state` into `value`; it is given the place. */
  takeProducer(state: number, value: number, place: number): number | undefined {
    const producer =
      this.takeFrom(this.writes.get(`${value}`)) ??
      this.takeFrom(this.writes.get(`${state} ${value}`)) ??
      this.takeAppend(state, value);
    if (producer !== undefined) this.places.set(producer, place);
    return producer;
  }

  private add(operation: number): void {
    const { kind, value, replacement } = this.history;
    if (kind[operation] === kinds.append) this.appends.push(operation);
    if (kind[operation] !== kinds.write && kind[operation] !== kinds.swap) return;
    const swaps = kind[operation] === kinds.swap;
    const name = swaps ? `${value[operation]} ${replacement[operation]}` : `${value[operation]}`;
    const queue = this.writes.get(name);
    if (queue === undefined) this.writes.set(name, { operations: [operation], taken: 0 });
    else queue.operations.push(operation);
  }

  private takeFrom(queue: Queue | undefined): number | undefined {
    return queue?.operations[queue.taken++];
  }

  private takeAppend(state: number, value: number): number | undefined {
    const { values, value: suffix } = this.history;
    const found = this.appends.findIndex((operation) => values.join(state, suffix[operation]!) === value);
    return found < 0 ? undefined : this.appends.splice(found, 1)[0];
  }
}
