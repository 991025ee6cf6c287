/** A process that plants one mutant and runs the given seeds with it, until one fails. */
import { runSeed } from './run-seed.ts';

process.once('message', (seeds: number[]) => void perform(seeds).then(() => process.disconnect()));

// A rejected promise that the mutant has left behind counts as its failure.
process.on('unhandledRejection', (reason) => {
  throw reason;
});

async function perform(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    const result = await runSeed(seed);
    process.send!(result);
    if (result.broken !== null) return;
  }
}
