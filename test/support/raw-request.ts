/** HTTP as bytes: requests that no well-behaved client library would send. */
import { connect } from 'node:net';

export interface RawAnswer {
  /** Null when the server closed the connection without an answer. */
  status: number | null;
  /** The first answer's text, headers and all. */
  text: string;
}

/**
 * Sends the bytes, closes the sending side, and resolves when the server has closed the connection.
 * @throws Error when the server has not closed it after `deadlineMs`.
 */
export function sendRaw(
  port: number,
  bytes: Buffer,
  options: { keepOpen?: boolean; deadlineMs?: number } = {},
): Promise<RawAnswer> {
  const deadlineMs = options.deadlineMs ?? 10_000;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(
          `no end after ${deadlineMs} ms; so far: ${Buffer.concat(chunks).toString('latin1').slice(0, 500)}`,
        ),
      );
    }, deadlineMs);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      const status = /^HTTP\/1\.1 ([0-9]{3}) /.exec(text)?.[1];
      resolve({ status: status === undefined ? null : Number(status), text });
    };
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', finish);
    // A reset after an early refusal: what arrived before it counts.
    socket.on('error', finish);
    socket.write(bytes);
    if (!options.keepOpen) socket.end();
  });
}
