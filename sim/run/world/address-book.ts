/**
 * Who listens at which endpoint. An address may come to be another member's, as when a pod's or a port is used again: what is
 * under way goes on where it is, what is asked from then on reaches the other one.
 */
import type { Cancel } from '../../../sharder/core/ports.ts';
import type { SimMember } from '../../etcd/member.ts';

interface Stray {
  member: SimMember;
  lasts: boolean;
}

export class AddressBook {
  readonly #owners = new Map<string, SimMember>();
  readonly #strays = new Map<string, Stray>();

  register(endpoint: string, member: SimMember): void {
    this.#owners.set(endpoint, member);
  }

  /** Undefined where nobody ever was. */
  memberAt(endpoint: string): SimMember | undefined {
    return this.#strays.get(endpoint)?.member ?? this.#owners.get(endpoint);
  }

  /** From now on another member answers there. @param lasts it is not healed, and ends by nothing. */
  lead(endpoint: string, member: SimMember, { lasts }: { lasts: boolean }): Cancel {
    const before = this.#strays.get(endpoint);
    if (before?.lasts === true) return () => undefined;
    const stray = { member, lasts };
    this.#strays.set(endpoint, stray);
    return () => {
      if (!lasts && this.#strays.get(endpoint) === stray) this.#strays.delete(endpoint);
    };
  }

  /** Every address leads to its owner again, but those that are another's for good. */
  heal(): void {
    for (const [endpoint, { lasts }] of this.#strays) if (!lasts) this.#strays.delete(endpoint);
  }
}
