/** The unit tests, with the mutant that VASE_MUTANT holds in the source that vitest loads. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { setEnvironmentOfTests } from '../../support/environment.ts';
import { type Mutant, plant } from '../syntax/mutant.ts';

const mutant = JSON.parse(process.env['VASE_MUTANT']!) as Mutant;
setEnvironmentOfTests();

const checkout = join(import.meta.dirname, '..', '..', '..');

export default defineConfig({
  root: checkout,
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (source, id) => (id === join(checkout, mutant.file) ? plant(source, mutant) : null),
    },
  ],
  test: {
    include: ['test/{unit,property}/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ['test/support/draw-by-seed.ts'],
    bail: 1,
    // Code that was transformed for another mutant must not be reused.
    fsModuleCache: false,
    reporters: ['json'],
  },
});
