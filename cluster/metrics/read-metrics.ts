/** Reads the metrics of many processes at once, bounded in time and bytes. */
import { type MetricsReading, parseMetrics } from './metrics-text.ts';

/** A member answers with some 150 kB in a few milliseconds; one whose disk is slow answers as fast. */
const readMsMaxUnlessSaid = 2000;
const metricsBytesMax = 4 * 1024 * 1024;

/** By URL, for those that answered in time; of each the metrics of these names. */
export async function readMetrics(
  urls: readonly string[],
  names: ReadonlySet<string>,
  readMsMax = readMsMaxUnlessSaid,
): Promise<Map<string, MetricsReading>> {
  const readings = await Promise.all(urls.map((url) => readOne(url, names, readMsMax)));
  return new Map(
    urls.flatMap((url, index) => {
      const reading = readings[index];
      return reading ? [[url, reading] as const] : [];
    }),
  );
}

/** Null when it was refused, reset or too slow: there are no figures, whatever the reason. */
async function readOne(
  url: string,
  names: ReadonlySet<string>,
  readMsMax: number,
): Promise<MetricsReading | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(readMsMax) });
    const text = await response.text();
    if (!response.ok || text.length > metricsBytesMax) return null;
    return parseMetrics(text, (name) => names.has(name));
  } catch {
    return null;
  }
}
