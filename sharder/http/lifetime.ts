/**
 * The time in which a request may hold anything: until its answer has left, or until its connection has gone, whichever is
 * first. What it takes is given back then, however the request ends, and a request takes from a budget only through its
 * lifetime. Made only for a request that takes something: a small read pays nothing for it.
 */
import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';

/** Anything that is given back: bytes of a budget, a place among the readers of a stream. */
export interface Resource {
  /** Called once. */
  release(): void;
}

export class Lifetime {
  private readonly connection: Connection;
  private readonly resources = new Set<Resource>();
  private isOver: boolean;

  constructor(connection: Connection) {
    this.connection = connection;
    this.isOver = connection.gone;
    if (!this.isOver) connection.join(this);
  }

  /** Whether no client is left to answer. */
  get over(): boolean {
    if (!this.isOver && this.connection.gone) this.end();
    return this.isOver;
  }

  /** Releases it when the lifetime ends; false, and released at once, when it has ended already. */
  keep(resource: Resource): boolean {
    if (this.over) {
      resource.release();
      return false;
    }
    this.resources.add(resource);
    return true;
  }

  /** Releases it now rather than at the end; what has been released already stays so. */
  release(resource: Resource): void {
    if (this.resources.delete(resource)) resource.release();
  }

  /** Releases all but `kept`: what the request took in order to be carried out is not needed for its answer. */
  releaseAllBut(kept: Resource | null): void {
    for (const resource of this.resources) if (resource !== kept) this.release(resource);
  }

  /** Ends it when the answer has left, or will never leave. */
  endWith(response: ServerResponse): void {
    if (response.destroyed || response.writableFinished) this.end();
    else response.once('close', () => this.end());
  }

  end(): void {
    this.isOver = true;
    this.connection.leave(this);
    this.releaseAllBut(null);
  }
}
