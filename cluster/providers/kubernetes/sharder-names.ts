/**
 * Names for sharders that are easier to say than those of their pods: sharder-1, sharder-2, … in the order in which the
 * pods were made. A name stays with its pod; the next new pod gets the name of a pod that is gone, so that a user who
 * knows "sharder-1" still finds a sharder under that name after its pod was replaced.
 */
import type { Pod } from './live-objects.ts';

export interface NamedPod {
  name: string;
  /** Null where no pod has the name now. */
  pod: Pod | null;
}

export class SharderNames {
  /** The name of the pod, by the sharder's name. */
  private readonly known = new Map<string, string>();

  /**
   * Names for these pods in order, and, when `wanted` is larger, for the missing ones as well. Pods that are terminating
   * have no name.
   */
  assign(pods: readonly Pod[], wanted: number): NamedPod[] {
    const staying = pods
      .filter((pod) => pod.metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => orderOf(a) - orderOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
    const byPod = new Map(staying.map((pod) => [pod.metadata.name, pod]));
    for (const [name, pod] of this.known) if (!byPod.has(pod)) this.known.delete(name);
    const named = new Set(this.known.values());
    for (const pod of byPod.keys()) if (!named.has(pod)) this.known.set(this.firstFree(), pod);
    const count = Math.max(wanted, ...[...this.known.keys()].map(numberOf));
    return Array.from({ length: count }, (_, index) => {
      const name = nameOf(index + 1);
      const pod = this.known.get(name);
      return { name, pod: pod === undefined ? null : byPod.get(pod)! };
    }).filter(({ pod }, index) => pod !== null || index < wanted);
  }

  /** The pod behind a name as last assigned; null when there is none. */
  podOf(name: string): string | null {
    return this.known.get(name) ?? null;
  }

  private firstFree(): string {
    let number = 1;
    while (this.known.has(nameOf(number))) number++;
    return nameOf(number);
  }
}

function nameOf(number: number): string {
  return `sharder-${number}`;
}

function numberOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}

function orderOf({ metadata }: Pod): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}
