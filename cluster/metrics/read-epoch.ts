/** Which view a sharder or a view server has, by its metrics. */
import { metricsBytesMax } from './read-metrics.ts';
import { readText } from './read-text.ts';

/** The epoch of the process's view; 0 where the process does not report it in time. */
export async function readEpoch(metricsUrl: string, readMsMax: number): Promise<number> {
  const text = await readText(metricsUrl, { readMsMax, bytesMax: metricsBytesMax });
  return Number(/^vase_view_epoch (\d+)$/m.exec(text ?? '')?.[1] ?? 0);
}
