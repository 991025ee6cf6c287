/** The harm of a fault that excuses something in a run: said in one place, for all its judges. */
import type { Fault } from './scenario.ts';

/** A watch may be open at a member of another shard, which never tells. */
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

/** An operator, or the mover itself, may undo the move. */
export function mayUndo(fault: Fault): boolean {
  return (
    losesEvents(fault) ||
    (fault.kind === 'strike_phase' && (fault.what === 'abort' || fault.what === 'pause_and_abort'))
  );
}
