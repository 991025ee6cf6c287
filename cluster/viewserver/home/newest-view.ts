/** The newest view, from the home shard's watch: jobs wait for it, and events are made from it. */
import { present } from '../../../sharder/core/invariant.ts';
import { bytesToJson } from '../../../sharder/core/json-bytes.ts';
import type { Cancel, Clock, EtcdRpc } from '../../../sharder/core/ports.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import { decodeView, homeShardOf, isOfSameCluster, VIEW_KEY, type View } from '../../../sharder/core/view.ts';
import { callHome } from './home-record.ts';
import { pauseUntilAborted } from './leader-lease.ts';

/** A watch that hangs silently is found out by reading now and then. */
const rereadMs = 2000;

export class NewestView {
  private readonly options: { rpc: EtcdRpc; clock: Clock; home: ShardClient };
  /** The home shard's endpoints: at first the configured ones, then those of the view. */
  private endpoints: readonly string[];
  private view: View | null = null;
  private readonly listeners = new Set<(view: View) => void>();
  private cancelWatch: Cancel = () => undefined;
  private next = 0;

  constructor({ endpoints, ...options }: NewestView['options'] & { endpoints: readonly string[] }) {
    this.options = options;
    this.endpoints = endpoints;
  }

  /** Null until the home shard has answered. */
  get current(): View | null {
    return this.view;
  }

  /** Calls back with every newer view. */
  subscribe(listener: (view: View) => void): Cancel {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.open(signal);
    while (!signal.aborted) {
      await this.read();
      await pauseUntilAborted(this.options.clock, rereadMs, signal);
    }
    this.cancelWatch();
  }

  /** Resolves with the first view, from the newest on, for which `holds` is true; rejects with the signal's reason. */
  async until(holds: (view: View) => boolean, signal: AbortSignal): Promise<View> {
    await this.read();
    return new Promise((resolve, reject) => {
      const settle = (view: View | null) => {
        if (view !== null && !holds(view)) return;
        stop();
        signal.removeEventListener('abort', abort);
        if (view === null) reject(signal.reason as Error);
        else resolve(view);
      };
      const abort = () => settle(null);
      const stop = this.subscribe(settle);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      else if (this.view !== null) settle(this.view);
    });
  }

  private async read(): Promise<void> {
    const reply = await callHome(this.options.home, { kind: 'range', key: VIEW_KEY }, true);
    if (reply?.kind === 'range' && reply.kvs[0]) this.learn(reply.kvs[0].value);
  }

  private open(signal: AbortSignal): void {
    if (signal.aborted) return;
    const { rpc, clock } = this.options;
    const endpoint = present(this.endpoints[this.next++ % this.endpoints.length], 'an endpoint');
    const again = () => void pauseUntilAborted(clock, rereadMs / 10, signal).then(() => this.open(signal));
    this.cancelWatch = rpc.watch(
      endpoint,
      { key: VIEW_KEY },
      {
        onEvents: (events) => {
          for (const { type, kv } of events) if (type === 'put') this.learn(kv.value);
        },
        onEnd: again,
      },
    );
  }

  private learn(bytes: Uint8Array): void {
    const raw = bytesToJson(bytes) as { epoch?: number };
    if (this.view !== null && Number(raw.epoch) <= this.view.epoch) return;
    const view = decodeView(bytes);
    if (this.view !== null && !isOfSameCluster(this.view, view)) return;
    this.view = view;
    this.endpoints = homeShardOf(view).endpoints;
    this.options.home.setEndpoints(this.endpoints);
    for (const listener of this.listeners) listener(view);
  }
}
