/** The content of the page. */
import type { Drawing } from '../draw/drawing.ts';
import type { JudgedExpectation } from '../analysis/expectations.ts';
import type { Run } from '../records/read-run.ts';
import type { CellSummary } from '../analysis/summary.ts';

export interface PageInput {
  run: Run;
  summaries: readonly CellSummary[];
  judged: readonly JudgedExpectation[];
  /** Figures in their order on the page. */
  drawings: readonly Drawing[];
  /** Lines for a shell that make this run again. */
  commands: readonly string[];
  originalBest: number;
}
