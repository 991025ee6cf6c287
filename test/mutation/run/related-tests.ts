/** Which unit tests run the code of a source: those that import it, over however many files; the nearest first. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { checkout } from '../syntax/rooms.ts';

const testFiles = [
  'test/unit/{sharder,cluster/resharding,cluster/viewserver,sim}/**/*.test.ts',
  'test/property/placement.test.ts',
];
/** Imports of values, from a file of this checkout. */
const imports = /^(?:import|export)\s(?!type\b)[^;]*?from '(\.[^']+)';/gm;

/** Paths from the root of the checkout. */
export class RelatedTests {
  private readonly imported = new Map<string, readonly string[]>();
  /** Test to the number of imports from it to each source. */
  private readonly reach: { test: string; steps: ReadonlyMap<string, number> }[];

  constructor() {
    const tests = testFiles.flatMap((pattern) => globSync(pattern, { cwd: checkout }));
    this.reach = tests.map((test) => ({ test, steps: this.stepsFrom(test) }));
  }

  of(file: string): string[] {
    return this.reach
      .filter(({ steps }) => steps.has(file))
      .toSorted((a, b) => a.steps.get(file)! - b.steps.get(file)! || a.test.localeCompare(b.test))
      .map(({ test }) => test);
  }

  private stepsFrom(test: string): Map<string, number> {
    const steps = new Map([[test, 0]]);
    for (const [file, step] of steps)
      for (const next of this.importsOf(file)) if (!steps.has(next)) steps.set(next, step + 1);
    return steps;
  }

  private importsOf(file: string): readonly string[] {
    const known = this.imported.get(file);
    if (known !== undefined) return known;
    const path = join(checkout, file);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const found = [...text.matchAll(imports)].map(([, to]) => relative(checkout, join(dirname(path), to!)));
    this.imported.set(file, found);
    return found;
  }
}
