#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// The door to the command line. It is plain JavaScript: for the first file of TypeScript that is not in the compile cache,
// Node.js loads the code that strips types, which takes longer than its own start; only from here on is there a cache. When the cache
// cannot be written, there is none.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// The processes of a local cluster have the same one: cluster/host/compile-cache.ts.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled'));
await import('./command-line.ts');
