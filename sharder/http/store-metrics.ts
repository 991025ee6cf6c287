/** The store's side of /metrics: batches, calls to etcd, queues, epochs. Fed by the core's trace; never a label by key. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CoreEvent } from '../core/core-event.ts';
import type { Trace } from '../core/ports.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import type { Store } from '../core/store.ts';
import type { EtcdClientEvent } from '../etcd/client/client-event.ts';

/** The events that a sharder's parts emit. */
export type SharderEvent = CoreEvent | EtcdClientEvent;

/** A trace that counts. `store` is called when the metrics are read, so the store may be made later. */
export function createStoreMetrics(registry: Registry, store: () => Store): Trace<SharderEvent> {
  const registers = [registry];
  collectProcessMetrics(registry);
  const batchOperations = new Histogram({
    name: 'vase_batch_operations',
    help: 'Operations in one transaction, by shard and lane.',
    labelNames: ['shard', 'lane'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    registers,
  });
  const calls = new Histogram({
    name: 'vase_etcd_call_duration_seconds',
    help: 'Transactions to etcd, retries included, by shard, lane and outcome.',
    labelNames: ['shard', 'lane', 'outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const attempts = new Counter({
    name: 'vase_etcd_failed_attempts_total',
    help: 'Calls to a member that ended without an answer, or with its word that it cannot serve.',
    labelNames: ['shard', 'kind'],
    registers,
  });
  registerGauges(registers, store);
  return {
    emit(event) {
      switch (event.name) {
        case 'batch.ended': {
          const { shard, lane, operations, outcome, durationMs } = event;
          batchOperations.observe({ shard, lane }, operations);
          calls.observe({ shard, lane, outcome }, durationMs / 1000);
          return;
        }
        case 'etcd.lost':
        case 'etcd.not_sent':
        case 'etcd.refused':
          attempts.inc({ shard: event.shard, kind: event.name.slice('etcd.'.length) });
          return;
        default:
      }
    },
  };
}

function registerGauges(registers: Registry[], store: () => Store): void {
  const laneGauge = (name: string, help: string, figure: 'queued' | 'bytes' | 'inFlight') =>
    new Gauge({
      name,
      help,
      labelNames: ['shard', 'lane'],
      registers,
      collect() {
        this.reset();
        for (const [id, shard] of store().currentShards) {
          for (const lane of ['read', 'write'] as const)
            this.set({ shard: String(id), lane }, shard.load(lane)[figure]);
        }
      },
    });
  const gauges: Gauge[] = [
    laneGauge('vase_queued_operations', 'Operations that wait in a lane.', 'queued'),
    laneGauge('vase_queued_bytes', 'Bytes of keys and values that wait in a lane.', 'bytes'),
    laneGauge('vase_in_flight_operations', "Operations in a lane's transaction under way.", 'inFlight'),
    new Gauge({
      name: 'vase_shard_full',
      help: 'Whether puts into a shard are refused, so that its own records find room: 1, else 0.',
      labelNames: ['shard'],
      registers,
      collect() {
        this.reset();
        for (const [id, shard] of store().currentShards)
          this.set({ shard: String(id) }, shard.isFull ? 1 : 0);
      },
    }),
    new Gauge({
      name: 'vase_held_operations',
      help: 'Operations that wait because no shard owns their slot for the moment.',
      registers,
      collect() {
        this.set(store().heldOperations);
      },
    }),
    new Gauge({
      name: 'vase_view_epoch',
      help: 'Epoch of the view in use; 0 before the first.',
      registers,
      collect() {
        this.set(store().currentView?.epoch ?? 0);
      },
    }),
    new Gauge({
      name: 'vase_fence_epoch',
      help: 'Epoch of the newest fence record known of each shard.',
      labelNames: ['shard'],
      registers,
      collect() {
        this.reset();
        for (const [id, shard] of store().currentShards) {
          if (shard.currentFence) this.set({ shard: String(id) }, shard.currentFence.record.epoch);
        }
      },
    }),
  ];
  void gauges;
}
