/** Reads a history from a file of JSON lines, a piece at a time. The only file of the checker that touches the disk. */
import { createReadStream } from 'node:fs';
import { HistoryReader, type History } from './history-reader.ts';
import { limits } from './limits.ts';

/**
 * Needs memory for the operations, not for the text of the file.
 *
 * @throws {HistoryError} when the file is not a history; the file system's own error when it cannot be read.
 */
export async function readHistoryFile(path: string): Promise<History> {
  const reader = new HistoryReader();
  let rest = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = `${rest}${piece as string}`.split('\n');
    rest = lines.pop()!;
    for (const line of lines) reader.readLine(line);
    // What has no end yet may already be too long to be a line; it must not grow without bound.
    if (rest.length > limits.lineLengthMax) reader.readLine(rest);
  }
  if (rest !== '') reader.readLine(rest);
  return reader.finish();
}
