/** Ends a job for good: trying again would not help. */
export class JobFailed extends Error {
  override name = 'JobFailed';
}
