/** Loaded with `node --import` before anything else: plants the mutant that VASE_MUTANT holds, as JSON. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Mutant, plant } from '../syntax/mutant.ts';

const mutant = JSON.parse(process.env['VASE_MUTANT']!) as Mutant;
const mutated = pathToFileURL(join(import.meta.dirname, '../../..', mutant.file)).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== mutated) return loaded;
    return { ...loaded, source: plant(Buffer.from(loaded.source as Uint8Array).toString(), mutant) };
  },
});
