/** Faults after which a watch may be open at a member of another shard, which never tells. */
import type { Fault } from './scenario.ts';

export function misleads(fault: Fault): boolean {
  return (
    fault.kind === 'swap_addresses' ||
    fault.kind === 'stray_address' ||
    (fault.kind === 'strike_phase' && fault.what === 'swap_addresses')
  );
}
