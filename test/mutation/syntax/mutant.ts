/** A mutant: one small change of one source text, and where a run can be asked whether it matters. */

/**
 * Where a probe stands: around an expression, around a statement, or at the start of a block. `alternative` is what the
 * expression is in the mutant, when both can be evaluated beside each other without effects; else null.
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
  /** The function it is in, such as `Lane.take`; empty: the module itself. */
  place: string;
  /** From 1. */
  line: number;
  /** Offsets of what is replaced. */
  start: number;
  end: number;
  /** What stands there, and what will. */
  before: string;
  after: string;
  probe: Probe;
  /** Names it without a line's number, so that it outlives changes elsewhere in its file. */
  key: string;
}

/** The source with the mutant in it. @throws Error when the source is not the one that it was made of. */
export function plant(source: string, { file, start, end, before, after }: Mutant): string {
  if (source.slice(start, end) !== before)
    throw new Error(`${file} has changed: ${JSON.stringify(before)} does not stand at ${start}`);
  return source.slice(0, start) + after + source.slice(end);
}

export const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/** @param same how many mutants of the same words the same function had before. */
export function keyOf(parts: Omit<Mutant, 'key' | 'probe' | 'line' | 'start' | 'end'>, same: number): string {
  const { file, operator, place, before, after } = parts;
  const ordinal = same === 0 ? '' : ` #${same + 1}`;
  return `${file} | ${place || 'module'} | ${operator}${ordinal} | ${oneLine(before)} => ${oneLine(after) || 'nothing'}`;
}
