/** Runs one seed of the simulator for the workers of the mutation bench, and returns its result even if it throws. */
import { runScenario } from '../../../sim/run/run-scenario.ts';
import { scenarioOfSeed } from '../../../sim/run/scenario/scenario-arbitrary.ts';

export interface SeedResult {
  seed: number;
  /** Empty when the run threw. */
  hash: string;
  /** The first property that broke, `crash`, or null. */
  broken: string | null;
  message: string;
}

/** The simulator only counts it in a single run; a search of many runs fails with it. */
const notBelieved = { property: 'vacuous', message: 'a watch that told all was not believed' };

export async function runSeed(seed: number): Promise<SeedResult> {
  try {
    const { hash, violations, movesUnproven } = await runScenario(scenarioOfSeed(seed));
    const [first = movesUnproven > 0 ? notBelieved : undefined] = violations;
    return { seed, hash, broken: first?.property ?? null, message: first?.message ?? '' };
  } catch (error) {
    return { seed, hash: '', broken: 'crash', message: String(error) };
  }
}
