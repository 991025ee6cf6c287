/** Loaded with `node --import` before anything else: plants the bug that VASE_SEEDED_BUG names. */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { seededBugs } from './bugs.ts';
import { unsoundWatches } from './watch-bugs.ts';

const name = process.env['VASE_SEEDED_BUG'];
const bug = [...seededBugs, ...unsoundWatches].find((candidate) => candidate.name === name);
if (bug === undefined) throw new Error(`no seeded bug is called ${JSON.stringify(name)}`);
const { changes, file: mainFile } = bug;
const urlOf = (file: string) => pathToFileURL(resolve(import.meta.dirname, '../../..', file)).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const here = changes.filter(({ file }) => url === urlOf(file ?? mainFile));
    if (here.length === 0) return loaded;
    let source = Buffer.from(loaded.source as Uint8Array).toString();
    for (const { find, replace, file = mainFile } of here) {
      if (find === null) {
        source = `export * from ${JSON.stringify(urlOf(replace))};`;
        continue;
      }
      const parts = source.split(find);
      if (parts.length !== 2)
        throw new Error(`"${name}": ${find} stands ${parts.length - 1} times in ${file}, not once`);
      source = parts.join(replace);
    }
    return { ...loaded, source };
  },
});
