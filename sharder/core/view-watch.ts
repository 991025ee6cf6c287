/**
 * A watch of the view in the home shard, opened again whenever it breaks. It only makes new views arrive sooner: the fences
 * tell what it misses, and a home shard that is down stops nothing.
 */
import type { CoreEvent } from './core-event.ts';
import type { KeyValue } from './etcd-messages.ts';
import type { Limits } from './limits.ts';
import type { Cancel, Clock, Trace } from './ports.ts';
import type { ShardClient } from './shard-client.ts';
import { VIEW_KEY } from './view.ts';

export interface ViewWatchOptions {
  clock: Clock;
  trace: Trace<CoreEvent>;
  limits: Limits;
  home: ShardClient;
  /** The watch is open: it does not deliver what was written before. */
  onOpen(): void;
  /** The view's key has a new value. */
  onValue(kv: KeyValue): void;
}

export class ViewWatch {
  private readonly options: ViewWatchOptions;
  private cancelWatch: Cancel = () => undefined;
  private cancelTimer: Cancel = () => undefined;
  private pauseMs: number;
  private isRunning = false;

  constructor(options: ViewWatchOptions) {
    this.options = options;
    this.pauseMs = options.limits.retryPauseMsMax;
  }

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.open();
  }

  stop(): void {
    this.isRunning = false;
    this.cancelTimer();
    this.cancelWatch();
  }

  private open(): void {
    const { home, limits } = this.options;
    this.after(limits.viewWatchOpenMs, () => {
      this.cancelWatch();
      home.avoidPreferred();
      this.openLater('not accepted in time');
    });
    this.cancelWatch = home.watch(
      { key: VIEW_KEY },
      {
        onCreated: () => {
          this.pauseMs = limits.retryPauseMsMax;
          this.after(limits.viewWatchRenewMs, () => {
            this.cancelWatch();
            this.open();
          });
          this.options.onOpen();
        },
        onEvents: (events) => {
          const newest = events.findLast(({ type }) => type === 'put');
          if (newest) this.options.onValue(newest.kv);
        },
        onEnd: (end) => this.openLater(end.kind === 'lost' ? end.message : end.kind),
      },
    );
  }

  private openLater(reason: string): void {
    const { trace, limits } = this.options;
    trace.emit({ name: 'view.unwatched', reason });
    this.after(this.pauseMs, () => this.open());
    this.pauseMs = Math.min(2 * this.pauseMs, limits.viewWatchPauseMsMax);
  }

  /** Sets the only timer: it runs the next step, unless something happens before. */
  private after(delayMs: number, action: () => void): void {
    this.cancelTimer();
    if (this.isRunning) this.cancelTimer = this.options.clock.schedule(delayMs, action);
  }
}
