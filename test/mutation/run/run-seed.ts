/** One seed of the simulator, as the workers of the mutation bench run it: what came of it, whatever it threw. */
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

export async function runSeed(seed: number): Promise<SeedResult> {
  try {
    const { hash, violations } = await runScenario(scenarioOfSeed(seed));
    const [first] = violations;
    return { seed, hash, broken: first?.property ?? null, message: first?.message ?? '' };
  } catch (error) {
    return { seed, hash: '', broken: 'crash', message: String(error) };
  }
}
