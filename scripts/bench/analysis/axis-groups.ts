/**
 * Finds the series in a plan: cells that differ in the number of sharders alone, or of shards alone. Each such group is
 * one figure; without any group, the biggest set of similar cells is the figure, even if it is one point.
 */
import type { CellPlan } from '../records/run-data.ts';

export type Axis = 'sharders' | 'shards';

/** More figures along one axis would be a catalogue, not a report. */
const groupsMax = 6;

export interface AxisGroup {
  axis: Axis;
  /** What the cells have in common on the other axis. */
  fixed: number;
  /** By ascending number along the axis. */
  cells: CellPlan[];
}

export function groupsAlong(axis: Axis, cells: readonly CellPlan[]): AxisGroup[] {
  const other = axis === 'sharders' ? 'shards' : 'sharders';
  const groups = new Map<string, CellPlan[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell[other], cell.members, cell.workload, cell.limits]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const all = [...groups.values()]
    .map((group) => ({
      axis,
      fixed: group[0]![other],
      cells: group.toSorted((a, b) => a[axis] - b[axis]),
    }))
    .toSorted((a, b) => distinct(b) - distinct(a));
  const series = all.filter((group) => distinct(group) > 1);
  return (series.length > 0 ? series : all.slice(0, 1)).slice(0, groupsMax);
}

function distinct(group: AxisGroup): number {
  return new Set(group.cells.map((cell) => cell[group.axis])).size;
}
