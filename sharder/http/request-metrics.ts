/**
 * Requests and their durations by route, method and class of status, in the shape of a prom-client histogram. The
 * buckets are counted here and rendered when scraped: prom-client's own observe() hashes its labels on every call, which
 * is a tenth of a small request. Never a label by key.
 */
import type { Registry } from 'prom-client';
import type { RouteName } from './route-table.ts';

/** Upper bounds of the buckets in seconds. */
const boundsSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  labels: { route: string; method: string; code: string };
  buckets: Float64Array;
  sumSeconds: number;
  count: number;
}

const methodsKnown = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']);

export class RequestMetrics {
  private readonly series = new Map<string, Map<number, Series>>();

  constructor(registry: Registry) {
    const name = 'vase_request_duration_seconds';
    const help = 'Time from the request line to the end of the reply, by route, method and class of status.';
    // prom-client has no type for a metric of one's own; it asks only for a name and for get().
    registry.registerMetric({
      name,
      get: () => ({ name, help, type: 'histogram', values: this.values(name), aggregator: 'sum' }),
    } as never);
  }

  observe(route: RouteName, method: string, status: number, durationMs: number): void {
    const series = this.find(route, methodsKnown.has(method) ? method : 'other', Math.floor(status / 100));
    const seconds = durationMs / 1000;
    series.sumSeconds += seconds;
    series.count++;
    for (let index = 0; index < boundsSeconds.length; index++) {
      if (seconds <= boundsSeconds[index]!) {
        series.buckets[index]!++;
        return;
      }
    }
  }

  private find(route: RouteName, method: string, statusClass: number): Series {
    const name = route + method;
    let byClass = this.series.get(name);
    if (!byClass) this.series.set(name, (byClass = new Map()));
    let series = byClass.get(statusClass);
    if (!series) {
      const labels = { route, method, code: `${statusClass}xx` };
      series = { labels, buckets: new Float64Array(boundsSeconds.length), sumSeconds: 0, count: 0 };
      byClass.set(statusClass, series);
    }
    return series;
  }

  private values(name: string): object[] {
    const values: object[] = [];
    for (const byClass of this.series.values()) {
      for (const { labels, buckets, sumSeconds, count } of byClass.values()) {
        let cumulative = 0;
        for (let index = 0; index < boundsSeconds.length; index++) {
          cumulative += buckets[index]!;
          values.push({
            labels: { ...labels, le: boundsSeconds[index] },
            value: cumulative,
            metricName: `${name}_bucket`,
          });
        }
        values.push({ labels: { ...labels, le: '+Inf' }, value: count, metricName: `${name}_bucket` });
        values.push({ labels, value: sumSeconds, metricName: `${name}_sum` });
        values.push({ labels, value: count, metricName: `${name}_count` });
      }
    }
    return values;
  }
}
