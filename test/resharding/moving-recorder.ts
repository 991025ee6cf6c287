/**
 * A history in which keys change hands. A move raises the version of a value that nobody has written, as the design has it,
 * so versions say nothing to the checker here; and a conditional write that meets such a version is refused although the
 * value is the one that it builds on, so its refusal says no more than that it was not applied.
 */
import { LiveRecorder, type Invocation } from '../../scripts/live/live-recorder.ts';
import type { Outcome } from '../../sim/checker/history/operation.ts';

export class MovingRecorder extends LiveRecorder {
  override complete(invocation: Invocation, outcome: Outcome): void {
    super.complete(invocation, plainOutcome(outcome));
  }
}

function plainOutcome(outcome: Outcome): Outcome {
  if (outcome.kind === 'mismatch') return { kind: 'fail' };
  if (outcome.kind !== 'ok') return outcome;
  const { version: _version, ...rest } = outcome;
  return rest;
}
