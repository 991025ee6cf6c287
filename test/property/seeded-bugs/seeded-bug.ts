/** A known way to break the system: a change of the source, and how soon it must be caught. */
import type { Property } from '../../../sim/run/properties/violations.ts';

export interface SeededBug {
  name: string;
  /** From the root of the checkout. */
  file: string;
  /** Each `find` stands in the file exactly once; null: the file is replaced by another one. `file`: another file than `file` above. */
  changes: readonly { find: string | null; replace: string; file?: string }[];
  /** The properties that it breaks: a run that fails for another reason alone has not caught it. */
  shows: readonly Property[];
  /** Scenarios within which it must be caught. */
  runsMax: number;
  /** Seed of the drawing of scenarios; default 1. */
  seed?: number;
}
