/** Reads a history from a file of JSON lines, a piece at a time. The only file of the checker that touches the disk. */
import { createReadStream } from 'node:fs';
import { HistoryError, HistoryReader, type History } from './history-reader.ts';
import { limits } from './limits.ts';

const pieceBytes = 1 << 20;
const lineFeed = 0x0a;

/**
 * Needs memory for the operations, not for the text of the file.
 *
 * @throws {HistoryError} when the file is not a history; the file system's own error when it cannot be read.
 */
export async function readHistoryFile(path: string): Promise<History> {
  const reader = new HistoryReader();
  // An invalid byte must not become the same character as another one.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  const take = (text: string): void => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop()!;
    for (const line of lines) reader.readLine(line);
    // A part without an end of line may already be too long for a line; it must not grow without bound.
    if (rest.length > limits.lineLengthMax) reader.readLine(rest);
  };
  try {
    for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }))
      take(decoder.decode(piece as Buffer, { stream: true }));
    take(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const line = await findLineThatIsNotUtf8(path);
    throw new HistoryError(`line ${line}: it is not UTF-8: save the file as UTF-8, or escape such bytes`);
  }
  if (rest !== '') reader.readLine(rest);
  return reader.finish();
}

async function findLineThatIsNotUtf8(path: string): Promise<number> {
  let lines = 1;
  let open: Buffer = Buffer.alloc(0);
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes })) {
    open = Buffer.concat([open, piece as Buffer]);
    for (let end = open.indexOf(lineFeed); end >= 0; end = open.indexOf(lineFeed)) {
      if (!isUtf8(open.subarray(0, end))) return lines;
      open = open.subarray(end + 1);
      lines++;
    }
    if (open.length > 4 * limits.lineLengthMax) break;
  }
  return lines;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
