import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findSources, importedModules } from '../../../../cluster/image/source-closure.ts';

test('a module imports what its statements name, but not types, comments or strings', () => {
  const source = `
import './side-effect.ts';
import fs from 'node:fs';
import { a, type B } from './a.ts';
import {
  long,
  list,
} from 'package/part';
export { c } from "@scope/name/deep";
import type { D } from './type-only.ts';
export type { E } from './type-only.ts';
export const from = 'not-a-module';
// import './comment.ts'
const late = await import('./late.ts');
`;
  expect(importedModules(source).toSorted()).toEqual([
    './a.ts',
    './late.ts',
    './side-effect.ts',
    '@scope/name/deep',
    'node:fs',
    'package/part',
  ]);
});

test('the image gets the programs with their data files, what they import from elsewhere, and no more', async () => {
  const checkout = await mkdtemp(path.join(tmpdir(), 'vase-sources-'));
  const files = {
    'sharder/main.ts': "import './core/a.ts';\nimport koa from 'koa';\n",
    'sharder/core/a.ts': "import type { T } from '../../scripts/b.ts';\n",
    'sharder/messages.proto': '',
    'cluster/viewserver/main.ts': "import { t } from '../topology.ts';\nimport net from 'node:net';\n",
    'cluster/volume-guard/main.ts': '',
    'cluster/topology.ts': "import { z } from 'zod';\nimport './sizes.json';\n",
    'cluster/sizes.json': '{}',
    'cluster/unrelated.ts': "import { execa } from 'execa';\n",
    'scripts/b.ts': '',
  };
  try {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(path.join(checkout, path.dirname(file)), { recursive: true });
      await writeFile(path.join(checkout, file), content);
    }
    expect(await findSources(checkout)).toEqual({
      files: [
        'cluster/sizes.json',
        'cluster/topology.ts',
        'cluster/viewserver/main.ts',
        'cluster/volume-guard/main.ts',
        'sharder/core/a.ts',
        'sharder/main.ts',
        'sharder/messages.proto',
      ],
      packages: ['koa', 'zod'],
    });
  } finally {
    await rm(checkout, { recursive: true });
  }
});
