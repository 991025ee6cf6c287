/** With SEED set, as in CI, fast-check draws the same in every run of every test that does not name a seed itself. */
import fc from 'fast-check';

const { SEED } = process.env;
if (SEED !== undefined) fc.configureGlobal({ seed: Number(SEED) });
