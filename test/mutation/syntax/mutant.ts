/** A mutant: one small change of one source text, and the place where a probe can tell whether it matters. */

/**
 * Where a probe stands: around an expression, around a statement, or at the start of a block. `alternative` is the expression
 * as the mutant has it, when both can be evaluated beside each other without effects; else null.
 */
export interface Probe {
  kind: 'expression' | 'statement' | 'block';
  start: number;
  end: number;
  alternative: string | null;
}

export interface Mutant {
  /** From the root of the checkout. */
  file: string;
  operator: string;
  /** The function that contains it, such as `Lane.take`; empty: the module itself. */
  place: string;
  /** From 1. */
  line: number;
  /** Offsets of the replaced text. */
  start: number;
  end: number;
  /** The replaced text, and the new one. */
  before: string;
  after: string;
  probe: Probe;
  /** Names the mutant without a line number, so that the name survives changes elsewhere in its file. */
  key: string;
}

/** The source with the mutant in it. @throws Error when the source is not the one that the mutant was made from. */
export function plant(source: string, { file, start, end, before, after }: Mutant): string {
  if (source.slice(start, end) !== before)
    throw new Error(`${file} has changed: ${JSON.stringify(before)} does not stand at ${start}`);
  return source.slice(0, start) + after + source.slice(end);
}

export const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/** @param same how many earlier mutants with the same words the same function has. */
export function keyOf(parts: Omit<Mutant, 'key' | 'probe' | 'line' | 'start' | 'end'>, same: number): string {
  const { file, operator, place, before, after } = parts;
  const ordinal = same === 0 ? '' : ` #${same + 1}`;
  return `${file} | ${place || 'module'} | ${operator}${ordinal} | ${oneLine(before)} => ${oneLine(after) || 'nothing'}`;
}
