/** A process that runs the seeds it is told with the mutant that is planted in it, until one fails. */
import { runSeed } from './run-seed.ts';

process.once('message', (seeds: number[]) => void perform(seeds).then(() => process.disconnect()));

// A promise that the mutant has left behind is a failure of it.
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
