/** prom-client's metrics of a process, without those that Prometheus' own check refuses. */
import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Gauges with names of counters; the same figures by type are in nodejs_active_handles, _requests and _resources. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}
