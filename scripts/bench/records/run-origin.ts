/** Finds whether a resumed run would be consistent: cells of different sources or programs must not be compared. */
import type { Environment } from './run-data.ts';

const fields = ['commit', 'node', 'etcd'] as const;

/** What has changed since the run began, in a few words each; unknown values are not counted. */
export function changesSince(recorded: Environment, here: Environment): string[] {
  return fields
    .filter((field) => recorded[field] !== 'unknown' && here[field] !== 'unknown')
    .filter((field) => recorded[field] !== here[field])
    .map((field) => `${field} ${here[field]}, not ${recorded[field]}`);
}
