/** What a fault may do that excuses something: said in one place, for all who judge a run. */
import type { Fault } from './scenario.ts';

/** A watch may have been opened at a member of another shard, which never tells. */
export function misleads(fault: Fault): boolean {
  return (
    fault.kind === 'swap_addresses' ||
    fault.kind === 'stray_address' ||
    (fault.kind === 'strike_phase' && fault.what === 'swap_addresses')
  );
}

/** Watches of slots do not tell all: moves are begun again, and given up after a few tries. */
export function losesEvents({ kind }: Fault): boolean {
  return kind === 'lossy_watches';
}

/** Somebody, or the mover itself, may have the move undone. */
export function mayUndo(fault: Fault): boolean {
  return (
    losesEvents(fault) ||
    (fault.kind === 'strike_phase' && (fault.what === 'abort' || fault.what === 'pause_and_abort'))
  );
}
