/** With SEED set, as in CI, fast-check draws the same values in every run of each test that names no seed itself. */
import fc from 'fast-check';

const { SEED } = process.env;
if (SEED !== undefined) fc.configureGlobal({ seed: Number(SEED) });
