/**
 * The values of one key as small integers, so that the search compares and hashes numbers. Values that no operation
 * can ever tell apart share one number, `OTHER`: the fewer states, the fewer configurations to visit.
 */
import type { Scalar } from './operation.ts';

/** The state of a missing key, and of one that holds null. */
export const MISSING = 0;
/**
 * Every value that no operation mentions: no read returned it, no cas expects it, and no append can turn it into a mentioned
 * value. From all of these states exactly the same operations are possible, so one number stands for all of them.
 */
export const OTHER = 1;

export class ValueTable {
  private readonly numbers = new Map<Scalar, number>([[null, MISSING]]);
  private readonly texts: string[] = ['', ''];
  private readonly suffixes: string[] = [];
  private readonly suffixNumbers = new Map<string, number>();
  private readonly joined = new Map<number, number>();
  private mentionedTexts: string[] = [];
  private sealed = false;
  /** Characters kept for values that only appends make; the search counts them in its budget of bytes. */
  characters = 0;

  /** Declares a value that some operation observes or expects. Must be called for all of them before `seal`. */
  mention(value: Scalar): void {
    if (this.sealed) throw new Error('a value was mentioned after the table was sealed');
    this.number(value);
  }

  /** @param appends whether any operation appends: then prefixes of mentioned values are states of their own. */
  seal(appends: boolean): void {
    this.sealed = true;
    if (appends) this.mentionedTexts = this.texts.toSorted();
  }

  /** The number of a value; `OTHER` when no operation mentions it. */
  numberOf(value: Scalar): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    return this.isPrefixOfMentioned(textOf(value)) ? this.number(value) : OTHER;
  }

  /** A number for the argument of an append, to be given to `join`. */
  numberOfSuffix(suffix: string): number {
    let number = this.suffixNumbers.get(suffix);
    if (number === undefined) {
      number = this.suffixes.push(suffix) - 1;
      this.suffixNumbers.set(suffix, number);
    }
    return number;
  }

  /** The state after an append. A text that is no prefix of a mentioned value never becomes one by more appends. */
  join(state: number, suffix: number): number {
    if (state === OTHER) return OTHER;
    const question = state * this.suffixes.length + suffix;
    let answer = this.joined.get(question);
    if (answer === undefined) {
      answer = this.numberOf(this.texts[state]! + this.suffixes[suffix]!);
      this.joined.set(question, answer);
    }
    return answer;
  }

  private number(value: Scalar): number {
    let number = this.numbers.get(value);
    if (number === undefined) {
      const text = textOf(value);
      number = this.texts.push(text) - 1;
      this.numbers.set(value, number);
      if (this.sealed) this.characters += text.length;
    }
    return number;
  }

  private isPrefixOfMentioned(text: string): boolean {
    const sorted = this.mentionedTexts;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < text) low = middle + 1;
      else high = middle;
    }
    // The first text that is not smaller: if any text starts with the prefix, this one does.
    return low < sorted.length && sorted[low]!.startsWith(text);
  }
}

function textOf(value: Scalar): string {
  return value === null ? '' : String(value);
}
