/** Budgets of a given size for a server in a test. */
import type { Budgets } from '../../sharder/http/context.ts';
import { MemoryBudget } from '../../sharder/http/memory-budget.ts';

export function budgetsOf(bytes: number): Budgets {
  return { bodies: new MemoryBudget('bodies', bytes), replies: new MemoryBudget('replies', bytes) };
}
