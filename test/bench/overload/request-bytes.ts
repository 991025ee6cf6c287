/** A stream's requests as bytes, made once for each key. */
import type { Stream } from './load-messages.ts';
import type { RawRequest } from './raw-connection.ts';

/** The stream's keys in turn, without end. */
export function requestSource(stream: Stream): () => RawRequest {
  const value = 'v'.repeat(stream.valueBytes);
  const body = Buffer.from(value);
  const requests = Array.from({ length: stream.keys }, (_, index) => {
    const key = `${stream.prefix}${index}`;
    return stream.batch === 1 ? putRequest(key, body) : batchRequest(key, value, stream.batch);
  });
  let next = 0;
  return () => requests[next++ % requests.length]!;
}

function putRequest(key: string, body: Buffer): RawRequest {
  return { head: headOf('PUT', `/v1/kv/${encodeURIComponent(key)}`, '', body), body };
}

function batchRequest(key: string, value: string, count: number): RawRequest {
  const operations = Array.from({ length: count }, () => ({ op: 'put', key, value }));
  const body = Buffer.from(JSON.stringify({ operations }));
  return { head: headOf('POST', '/v1/batch', 'content-type: application/json\r\n', body), body };
}

function headOf(method: string, path: string, headers: string, body: Buffer): string {
  return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}content-length: ${body.length}\r\n\r\n`;
}
