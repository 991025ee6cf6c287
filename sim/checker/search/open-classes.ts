/**
 * Open operations, which may take effect at any moment after their invocation or never, grouped by their effect. Two of one
 * class differ in their invocation alone, and neither has an end. So if one takes effect in a linearization, the one that
 * was invoked first can stand in for it, and it is enough to use each class in the order of invocation: the used operations
 * are a count per class instead of a set.
 */
import { kinds, type KeyHistory } from '../history/key-history.ts';
import { NO_VALUE, productOf } from '../models/traits.ts';

export class OpenClasses {
  /** By class: how many of its operations are placed. */
  readonly used: Int32Array;
  /** The classes of which some operation is placed. */
  readonly inUse: number[] = [];
  /** By class: its operations in the order of invocation. */
  private readonly classes: readonly (readonly number[])[];
  /** By value: the classes that leave it, and those that are possible in that state alone. */
  private readonly leaving: ReadonlyMap<number, readonly number[]>;
  private readonly expecting: ReadonlyMap<number, readonly number[]>;

  constructor(history: KeyHistory, invoked: Float64Array, open: Int32Array) {
    const classes = new Map<string, number[]>();
    const isOfUse = usefulness(history);
    for (const operation of open.toSorted((a, b) => invoked[a]! - invoked[b]! || a - b)) {
      if (!isOfUse(operation)) continue;
      const { kind, value, replacement, version } = history;
      const name = `${kind[operation]} ${value[operation]} ${replacement[operation]} ${version[operation]}`;
      const members = classes.get(name);
      if (members === undefined) classes.set(name, [operation]);
      else members.push(operation);
    }
    this.classes = [...classes.values()];
    this.used = new Int32Array(this.classes.length);
    const first = (index: number): number => this.classes[index]![0]!;
    this.leaving = Map.groupBy(this.classes.keys(), (index) => productOf(history, first(index)));
    this.expecting = Map.groupBy(this.classes.keys(), (index) =>
      history.kind[first(index)] === kinds.swap ? history.value[first(index)]! : NO_VALUE,
    );
  }

  get count(): number {
    return this.classes.length;
  }

  /** The operation of the class that would be placed next; undefined when all are placed. */
  peek(index: number): number | undefined {
    return this.classes[index]![this.used[index]!];
  }

  /** Whether some open operation that is not placed leaves this value. For histories without appends. */
  canLeave(value: number): boolean {
    return this.anyLeft(this.leaving.get(value));
  }

  /** Whether some open cas that is not placed expects this value. */
  isExpected(value: number): boolean {
    return this.anyLeft(this.expecting.get(value));
  }

  private anyLeft(classes: readonly number[] | undefined): boolean {
    return classes !== undefined && classes.some((index) => this.peek(index) !== undefined);
  }

  place(index: number): void {
    if (this.used[index]!++ === 0) this.inUse.push(index);
  }

  /** Undoes the last `place` that has not been undone, which must have been of the same class. */
  takeBack(index: number): void {
    if (--this.used[index]! === 0) this.inUse.pop();
  }
}

/**
 * Whether an open operation can ever help. It helps by the state that it leaves: to an operation that finds that very
 * value, to one that is possible wherever the state is another (a mismatch, a delete that removed something), or to an
 * append. In a history where none of these exists the operation can be left out of any linearization.
 */
function usefulness({ count, kind, value, replacement }: KeyHistory): (operation: number) => boolean {
  const found = new Set<number>();
  let anyDifferenceHelps = false;
  for (let index = 0; index < count; index++) {
    if (kind[index] === kinds.read || kind[index] === kinds.swap) found.add(value[index]!);
    if (kind[index] === kinds.differ || kind[index] === kinds.remove || kind[index] === kinds.append) {
      anyDifferenceHelps = true;
    }
  }
  return (operation) =>
    anyDifferenceHelps ||
    found.has(kind[operation] === kinds.swap ? replacement[operation]! : value[operation]!);
}
