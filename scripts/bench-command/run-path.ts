/** The folders of runs. */
import { isAbsolute, join } from 'node:path';
import { stateRoot } from '../context/places.ts';

export function runsFolder(): string {
  return join(stateRoot(), 'runs');
}

/** The folder of a run that the user named by its path, or by its name alone. */
export function pathOfRun(run: string): string {
  return isAbsolute(run) || run.includes('/') ? run : join(runsFolder(), run);
}
