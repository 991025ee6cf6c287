/** Log files of the processes: bounded by a rotation at each start, and readable from the end while they grow. */
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A log above this size is put aside when its process starts again, and the earlier one is dropped. */
const logBytesMax = 8 * 1024 * 1024;
/** At most this much of a log's end is read to find its newest lines. */
const tailBytesMax = 4 * 1024 * 1024;
const followPollMs = 200;

export function rotateLog(path: string): void {
  if (sizeOf(path) > logBytesMax) renameSync(path, `${path}.1`);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The newest lines, each ended by a newline; empty when there is no such file. */
export function readTail(path: string, lines: number): string {
  const size = sizeOf(path);
  const text = readFrom(path, Math.max(0, size - tailBytesMax));
  const all = text.split('\n');
  if (all.at(-1) === '') all.pop();
  const newest = all.slice(-lines);
  return lines > 0 && newest.length > 0 ? `${newest.join('\n')}\n` : '';
}

function readFrom(path: string, position: number): string {
  if (sizeOf(path) <= position) return '';
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(fstatSync(file).size - position, tailBytesMax));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, position)).toString('utf8');
  } finally {
    closeSync(file);
  }
}

/** Writes what is appended to the file, from its current end on, until the signal. A rotated file is read from its start. */
export async function followLog(
  path: string,
  options: { signal: AbortSignal; write: (text: string) => void },
): Promise<void> {
  let position = sizeOf(path);
  while (!options.signal.aborted) {
    await delay(followPollMs, undefined, { signal: options.signal }).catch(() => undefined);
    if (sizeOf(path) < position) position = 0;
    const text = readFrom(path, position);
    position += Buffer.byteLength(text);
    if (text !== '') options.write(text);
  }
}
