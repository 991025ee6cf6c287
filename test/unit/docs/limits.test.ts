// The limits on the page are those of the code, all of them.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultMoverLimits } from '../../../cluster/resharding/records/mover-limits.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { SourceTree } from '../../support/source-tree.ts';

const page = new SourceTree(join(import.meta.dirname, '..', '..', '..')).read('docs/guarantees.md');
const factors: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, ms: 1 };

function tableBelow(heading: string): object {
  const section = page.slice(page.indexOf(`## ${heading}\n`)).split('\n## ')[0]!;
  const rows = [...section.matchAll(/^\| `(\w+)` *\| ([\d,]+)(?: (\w+))? *\|/gm)];
  return Object.fromEntries(
    rows.map(([, name, digits, unit]) => [name, Number(digits!.replaceAll(',', '')) * factors[unit ?? 'B']!]),
  );
}

test.each([
  ['Limits of the data plane', defaultLimits],
  ['Limits of the movers', defaultMoverLimits],
])('%s', (heading, limits) => {
  expect(tableBelow(heading)).toEqual(limits);
});
