/** The cluster's events, numbered, for followers: the newest are kept, so that a follower that was cut off can go on. */
import type { Cancel } from '../../../sharder/core/ports.ts';

const eventsMax = 2000;

export interface ClusterEvent {
  /** Rises by one; begins anew with each process. */
  id: number;
  /** "job", "move.phase", "view", "leader", "autoscaler" and so on. */
  name: string;
  /** ISO 8601. */
  at: string;
  data: object;
}

export class EventLog {
  private readonly events: ClusterEvent[] = [];
  private readonly followers = new Set<(event: ClusterEvent) => void>();
  private lastId = 0;

  emit(name: string, data: object): void {
    const event = { id: ++this.lastId, name, at: new Date().toISOString(), data };
    this.events.push(event);
    if (this.events.length > eventsMax) this.events.shift();
    for (const follower of this.followers) follower(event);
  }

  /** The kept events after `id`; all kept events when another process gave the id. */
  since(id: number): readonly ClusterEvent[] {
    return id > this.lastId ? [...this.events] : this.events.filter((event) => event.id > id);
  }

  follow(follower: (event: ClusterEvent) => void): Cancel {
    this.followers.add(follower);
    return () => void this.followers.delete(follower);
  }
}
