/** One process of the load generator. Loads from `start`, measures from `measure`, reports, and ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { startClosedLoop } from './closed-loop.ts';
import { fillKeys } from './fill-keys.ts';
import { startFixedRate } from './fixed-rate.ts';
import type { LoadOrder, ParentMessage, WorkerMessage } from './load-order.ts';
import { Window } from './window.ts';

process.on('message', (message: ParentMessage) => void take(message));
// The parent is gone: no process needs this load any more.
process.on('disconnect', () => process.exit(0));

let order: LoadOrder;
let window: Window;
let load: { stop(): void | Promise<void> };

async function take(message: ParentMessage): Promise<void> {
  switch (message.kind) {
    case 'order':
      order = message;
      window = new Window(order.seconds);
      tell({ kind: 'ready' });
      return;
    case 'start':
      if (order.fill) tell({ kind: 'filled', ...(await fillKeys(order)) });
      else load = startLoad();
      return;
    case 'measure':
      return measure();
  }
}

function startLoad(): typeof load {
  const { ratePerSecond } = order;
  const onWarm = () => tell({ kind: 'warm' });
  if (ratePerSecond === null) return startClosedLoop(order, window, onWarm);
  return startFixedRate({ ...order, ratePerSecond }, window, onWarm);
}

async function measure(): Promise<void> {
  const startedAtMs = performance.now();
  const cpu = process.cpuUsage();
  window.open(startedAtMs);
  await delay(order.seconds * 1000);
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedAtMs) / 1000;
  await load.stop();
  for (const second of window.result()) tell({ kind: 'second', second });
  tell({ kind: 'done', seconds, cpuSeconds: (used.user + used.system) / 1e6 });
}

function tell(message: WorkerMessage): void {
  process.send!(message);
}
