/** Reads the metrics of many processes at once, bounded in time and bytes. */
import { type MetricsReading, parseMetrics } from './metrics-text.ts';

const readMsMax = 2000;
const metricsBytesMax = 4 * 1024 * 1024;

/** By URL, for those that answered in time; of each the metrics of these names. */
export async function readMetrics(
  urls: readonly string[],
  names: ReadonlySet<string>,
): Promise<Map<string, MetricsReading>> {
  const readings = await Promise.all(urls.map((url) => readOne(url, names)));
  return new Map(
    urls.flatMap((url, index) => {
      const reading = readings[index];
      return reading ? [[url, reading] as const] : [];
    }),
  );
}

async function readOne(url: string, names: ReadonlySet<string>): Promise<MetricsReading | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(readMsMax) });
    const text = await response.text();
    if (!response.ok || text.length > metricsBytesMax) return null;
    return parseMetrics(text, (name) => names.has(name));
  } catch {
    return null;
  }
}
