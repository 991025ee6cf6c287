/**
 * Which member listens at which endpoint. An address may later lead to another member, as when the address or port of a pod is
 * used again: calls under way stay with the old member, and later ones reach the new one.
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

  /** Undefined where no member has ever been. */
  memberAt(endpoint: string): SimMember | undefined {
    return this.#strays.get(endpoint)?.member ?? this.#owners.get(endpoint);
  }

  /** From now on another member answers there. @param lasts nothing heals or ends this. */
  lead(endpoint: string, member: SimMember, { lasts }: { lasts: boolean }): Cancel {
    const before = this.#strays.get(endpoint);
    if (before?.lasts === true) return () => undefined;
    const stray = { member, lasts };
    this.#strays.set(endpoint, stray);
    return () => {
      if (!lasts && this.#strays.get(endpoint) === stray) this.#strays.delete(endpoint);
    };
  }

  /** Every address leads to its own member again, except those that were led away with `lasts`. */
  heal(): void {
    for (const [endpoint, { lasts }] of this.#strays) if (!lasts) this.#strays.delete(endpoint);
  }
}
