/** Lists every file of tests, as the projects of vitest.config.ts do. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projects } from './test-sets.ts';

/** Relative to the checkout, such as "test/unit/sharder/lane.test.ts"; sorted. */
export function testFiles(checkout: string): string[] {
  return projects.flatMap((project) =>
    readdirSync(join(checkout, 'test', project), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/${project}/${name}`)
      .toSorted(),
  );
}
