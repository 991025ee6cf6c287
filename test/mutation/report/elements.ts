/** The elements of a scenario, as words that can be counted, and the elements that distinguish some scenarios from all. */
import type { Scenario } from '../../../sim/run/scenario/scenario.ts';

/** Fields whose numbers are drawn from few values, so that each value is an element of its own. */
const telling = /^(topology|limits|workload)\.[^.]+$/;
const shownMax = 5;
/** How far an element's frequency must exceed the usual one, in standard deviations; with some hundred elements less is chance. */
const surpriseMin = 2.5;

/** Such as `fault strike_phase phase=copy what=kill`, `change move`, `topology.disk=slow`. Each once. */
export function elementsOf(scenario: Scenario): Set<string> {
  const elements = new Set<string>();
  for (const [name, value] of Object.entries(scenario)) {
    if (Array.isArray(value)) addList(elements, name, value);
    else if (typeof value === 'object' && value !== null) addRecord(elements, name, value);
  }
  return elements;
}

function addList(elements: Set<string>, name: string, list: readonly object[]): void {
  if (list.length === 0) elements.add(`no ${name}`);
  for (const item of list) {
    const { kind = '', ...fields } = item as { kind?: string };
    const words = Object.entries(fields).filter(
      ([, value]) => typeof value === 'string' || typeof value === 'boolean',
    );
    const what = `${name.replace(/s$/, '')} ${kind}`.trim();
    elements.add(what);
    if (words.length > 0)
      elements.add(`${what} ${words.map(([field, value]) => `${field}=${String(value)}`).join(' ')}`);
    for (const [field, value] of Object.entries(fields))
      if (field.endsWith('AfterMs') && value !== null) elements.add(`${what} with ${field}`);
  }
}

function addRecord(elements: Set<string>, name: string, record: object): void {
  for (const [field, value] of Object.entries(record)) {
    const path = `${name}.${field}`;
    if (Array.isArray(value)) addList(elements, path, value as object[]);
    else if (telling.test(path) && typeof value !== 'object') elements.add(`${path}=${String(value)}`);
    else if (value === null) elements.add(`${path}=null`);
  }
}

/** The elements that are more frequent in the chosen scenarios than in all, the most telling first, as sentences. */
export function tellingElements(chosen: readonly Set<string>[], all: readonly Set<string>[]): string[] {
  const here = count(chosen);
  const everywhere = count(all);
  return [...here]
    .map(([element, times]) => {
      const share = times / chosen.length;
      const usual = everywhere.get(element)! / all.length;
      // The distance from chance, in standard deviations of as many draws.
      const surprise = (share - usual) * Math.sqrt(chosen.length / (usual * (1 - usual)));
      return { element, share, usual, surprise };
    })
    .filter(({ usual, surprise }) => usual < 1 && surprise >= surpriseMin)
    .toSorted((a, b) => b.surprise - a.surprise)
    .slice(0, shownMax)
    .map(({ element, share, usual }) => `${element} (${percent(share)}, elsewhere ${percent(usual)})`);
}

function count(sets: readonly Set<string>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const set of sets) for (const element of set) counts.set(element, (counts.get(element) ?? 0) + 1);
  return counts;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
