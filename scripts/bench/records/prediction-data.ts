/**
 * The capacity model's file in a run's folder, for the report: `predictions.json`, an array of PredictedCell. It has one entry
 * for each test and profile; a test that the model cannot predict is left out. Times are in ms.
 */

export interface PredictedCell {
  /** "1a": the name of the test in the run's plan. */
  test: string;
  requestsPerSecond: number;
  medianMs: number;
  meanMs: number;
  p95Ms: number;
  /** "calibrated" (fitted on this machine) or the name of a profile, for example "gke-pd-ssd". */
  profile: string;
}
