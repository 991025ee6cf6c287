/**
 * Requests by route, method and status, and their durations by class of status, in the shape of prom-client's counter and
 * histogram. They are counted here and rendered when scraped: prom-client's own observe() hashes its labels on every call,
 * which is a tenth of a small request. Never a label by key.
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
  /** By the last two digits of the status. */
  statuses: Float64Array;
}

const methodsKnown = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];

export class RequestMetrics {
  /** By route, then by method and class of status: no string is built for a request. */
  private readonly series = new Map<RouteName, (Series | undefined)[]>();

  constructor(registry: Registry) {
    register(registry, {
      name: 'vase_request_duration_seconds',
      help: 'Time from the request line to the end of the reply, by route, method and class of status.',
      type: 'histogram',
      values: (name) => this.durations(name),
    });
    register(registry, {
      name: 'vase_requests_total',
      help: 'Requests that were answered, by route, method and status.',
      type: 'counter',
      values: () => this.counts(),
    });
  }

  observe(route: RouteName, method: string, status: number, durationMs: number): void {
    const series = this.find(route, method, Math.floor(status / 100));
    const seconds = durationMs / 1000;
    series.sumSeconds += seconds;
    series.count++;
    addOne(series.statuses, status % 100);
    const bucket = boundsSeconds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) addOne(series.buckets, bucket);
  }

  private find(route: RouteName, method: string, statusClass: number): Series {
    let ofRoute = this.series.get(route);
    if (!ofRoute) this.series.set(route, (ofRoute = []));
    // Unknown methods have the first places.
    const place = (methodsKnown.indexOf(method) + 1) * 10 + statusClass;
    return (ofRoute[place] ??= emptySeries(route, method, statusClass));
  }

  private all(): Series[] {
    return [...this.series.values()].flatMap((ofRoute) => ofRoute.filter((series) => series !== undefined));
  }

  private counts(): object[] {
    return this.all().flatMap(({ labels: { route, method, code }, statuses }) =>
      [...statuses.entries()]
        .filter(([, value]) => value > 0)
        .map(([rest, value]) => ({
          labels: { route, method, status: String(Number(code[0]) * 100 + rest) },
          value,
        })),
    );
  }

  private durations(name: string): object[] {
    const values: object[] = [];
    for (const { labels, buckets, sumSeconds, count } of this.all()) {
      let cumulative = 0;
      for (const [index, bucket] of buckets.entries()) {
        cumulative += bucket;
        const le = boundsSeconds[index];
        values.push({ labels: { ...labels, le }, value: cumulative, metricName: `${name}_bucket` });
      }
      values.push({ labels: { ...labels, le: '+Inf' }, value: count, metricName: `${name}_bucket` });
      values.push({ labels, value: sumSeconds, metricName: `${name}_sum` });
      values.push({ labels, value: count, metricName: `${name}_count` });
    }
    return values;
  }
}

function addOne(counts: Float64Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}

function emptySeries(route: RouteName, method: string, statusClass: number): Series {
  return {
    labels: { route, method: methodsKnown.includes(method) ? method : 'other', code: `${statusClass}xx` },
    buckets: new Float64Array(boundsSeconds.length),
    sumSeconds: 0,
    count: 0,
    statuses: new Float64Array(100),
  };
}

interface OwnMetric {
  name: string;
  help: string;
  type: 'histogram' | 'counter';
  values: (name: string) => object[];
}

/** prom-client has no type for a custom metric; it needs only a name and get(). */
function register(registry: Registry, { name, help, type, values }: OwnMetric): void {
  const get = () => ({ name, help, type, values: values(name), aggregator: 'sum' });
  registry.registerMetric({ name, get } as never);
}
