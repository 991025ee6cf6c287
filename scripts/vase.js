#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// The door to the command line. Plain JavaScript: for the first file of TypeScript that is not in the compile cache, Node.js loads what
// strips types, which takes longer than its own start; and only from here on is there a cache. Where it cannot be written, there is none.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// The processes of a local cluster have the same one: cluster/host/compile-cache.ts.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled'));
await import('./command-line.ts');
