/**
 * Copies of the view in the other shards. Like every view they are hints, and may be older than the home shard's; they are
 * asked when a sharder starts and the home shard does not answer soon.
 */
import type { CoreEvent } from './core-event.ts';
import type { Limits } from './limits.ts';
import type { Trace } from './ports.ts';
import { readRecord, RecordError } from './record-fields.ts';
import type { ShardClient } from './shard-client.ts';
import { decodeView, homeShardOf, type View, VIEW_MIRROR_KEY } from './view.ts';

export interface ViewMirrorsOptions {
  /** One for each shard that may have a copy. */
  clients: readonly ShardClient[];
  /** Endpoints of the home shard: a copy that names none of them as such is of another cluster, or out of date. */
  home: readonly string[];
}

export class ViewMirrors {
  private readonly options: ViewMirrorsOptions;
  private readonly limits: Limits;
  private readonly trace: Trace<CoreEvent>;

  constructor(options: ViewMirrorsOptions, { limits, trace }: { limits: Limits; trace: Trace<CoreEvent> }) {
    this.options = options;
    this.limits = limits;
    this.trace = trace;
  }

  /**
   * Asks all at once; resolves when the first has returned a view, or none will any more. `adopt` gets each view, in any
   * order.
   */
  ask(adopt: (view: View) => void): Promise<void> {
    return new Promise((resolve) => {
      const asked = this.options.clients.map(async (client) => {
        const view = await this.read(client);
        if (view === null) return;
        adopt(view);
        resolve();
      });
      void Promise.all(asked).then(() => resolve());
    });
  }

  close(): void {
    for (const client of this.options.clients) client.close();
  }

  private async read(client: ShardClient): Promise<View | null> {
    const deadlineMs = this.limits.viewMirrorMs;
    const outcome = await client.execute(
      { kind: 'range', key: VIEW_MIRROR_KEY },
      { readOnly: true, deadlineMs },
    );
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'range') return null;
    const kv = outcome.reply.kvs[0];
    if (kv === undefined) return null;
    try {
      const view = readRecord(() => decodeView(kv.value));
      const { endpoints } = homeShardOf(view);
      return endpoints.some((endpoint) => this.options.home.includes(endpoint)) ? view : null;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.trace.emit({ name: 'view.unreadable', message: error.message });
      return null;
    }
  }
}
