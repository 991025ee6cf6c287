/** The budgets' side of /metrics: what requests hold, and who holds it. Never a label by key, nor by connection. */
import { Gauge, type Registry } from 'prom-client';
import type { Budgets } from './context.ts';
import type { MemoryBudget } from './memory-budget.ts';

export function registerBudgetMetrics(registry: Registry, budgets: Partial<Budgets>): void {
  const registers = [registry];
  const all = Object.values(budgets);
  const gauges = [
    new Gauge({
      name: 'vase_budget_bytes',
      help: 'Bytes that requests hold of a budget, by who holds them; of connections the sum.',
      labelNames: ['budget', 'party'],
      registers,
      collect() {
        this.reset();
        for (const budget of all) {
          for (const [party, bytes] of heldByName(budget)) this.set({ budget: budget.name, party }, bytes);
        }
      },
    }),
    new Gauge({
      name: 'vase_budget_limit_bytes',
      help: 'Bytes that all requests together can hold of a budget.',
      labelNames: ['budget'],
      registers,
      collect() {
        for (const budget of all) this.set({ budget: budget.name }, budget.limitBytes);
      },
    }),
    new Gauge({
      name: 'vase_budget_holds',
      help: 'Bodies or replies for which a budget is held.',
      labelNames: ['budget'],
      registers,
      collect() {
        for (const budget of all) this.set({ budget: budget.name }, budget.holds);
      },
    }),
  ];
  void gauges;
}

function heldByName({ heldByParty }: MemoryBudget): Map<string, number> {
  const held = new Map<string, number>();
  for (const [party, bytes] of heldByParty) {
    const name = typeof party === 'string' ? party : 'connections';
    held.set(name, (held.get(name) ?? 0) + bytes);
  }
  return held;
}
