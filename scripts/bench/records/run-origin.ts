/** Whether a run that is to go on would still be of one piece: cells of other sources or programs are not to be compared. */
import type { Environment } from './run-data.ts';

const fields = ['commit', 'node', 'etcd'] as const;

/** What is no longer as it was when the run began, in a few words each; what is not known is not counted. */
export function changesSince(recorded: Environment, here: Environment): string[] {
  return fields
    .filter((field) => recorded[field] !== 'unknown' && here[field] !== 'unknown')
    .filter((field) => recorded[field] !== here[field])
    .map((field) => `${field} ${here[field]}, not ${recorded[field]}`);
}
