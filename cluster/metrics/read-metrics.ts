/** Reads the metrics of many processes at once, bounded in time and bytes. */
import { type MetricsReading, parseMetrics } from './metrics-text.ts';
import { readText } from './read-text.ts';

/** A member answers with some 150 kB in a few milliseconds; one whose disk is slow answers as fast. */
const readMsMaxUnlessSaid = 2000;
export const metricsBytesMax = 4 * 1024 * 1024;

/** The metrics of these names, by URL, for the processes that answered in time. */
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

/** Null when the call was refused, reset or too slow: the reason does not matter, there are no figures. */
async function readOne(
  url: string,
  names: ReadonlySet<string>,
  readMsMax: number,
): Promise<MetricsReading | null> {
  const text = await readText(url, { readMsMax, bytesMax: metricsBytesMax });
  return text === null ? null : parseMetrics(text, (name) => names.has(name));
}
