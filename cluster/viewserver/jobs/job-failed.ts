/** Ends a job as failed: another try would not help. */
export class JobFailed extends Error {
  override name = 'JobFailed';
}
