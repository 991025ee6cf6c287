/** The view server's /metrics: who is the leader, how far the moves are, what the autoscaler saw. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Trace } from '../../sharder/core/ports.ts';
import { collectProcessMetrics } from '../../sharder/http/process-metrics.ts';
import type { MoverEvent } from '../resharding/mover-event.ts';
import type { Leadership } from './leading/leadership.ts';
import type { NewestView } from './home/newest-view.ts';

export interface MetricSources {
  leadership: () => Leadership | null;
  view: NewestView;
}

/** Counts what the resharder traces. */
export function createServerMetrics(
  registry: Registry,
  { leadership, view }: MetricSources,
): Trace<MoverEvent> {
  const registers = [registry];
  collectProcessMetrics(registry);
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('vase_view_server_leads', '1 where this view server leads.', () => (leadership() === null ? 0 : 1));
  gauge('vase_view_epoch', 'Epoch of the newest view seen.', () => view.current?.epoch ?? 0);
  gauge('vase_view_shards', 'Shards in the view.', () => view.current?.shards.length ?? 0);
  gauge('vase_moves', 'Moves in the view.', () => view.current?.moves.length ?? 0);
  gauge(
    'vase_moves_slots_left',
    'Slots that are still to be moved.',
    () => view.current?.moves.reduce((sum, { slots }) => sum + slots.length, 0) ?? 0,
  );
  gauge(
    'vase_moves_blocked',
    'Moves that wait for a shard that does not do its part, or is too full.',
    () =>
      leadership()
        ?.resharder.progress()
        .filter(({ block }) => block !== null).length ?? 0,
  );
  gauge(
    'vase_moves_keys_per_second',
    'Keys that are copied per second.',
    () => leadership()?.meter.progress.keysPerSecond ?? 0,
  );
  const events = new Counter({
    name: 'vase_move_events_total',
    help: 'What happened to moves, by kind.',
    labelNames: ['event'],
    registers,
  });
  return { emit: ({ name }) => events.inc({ event: name }) };
}
