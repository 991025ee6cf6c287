/**
 * The head of an answer. Node checks each name and value by two regular expressions and looks for names that concern
 * itself, which costs half a microsecond a header; the headers of an answer to a plain request are made of numbers and
 * constants, and are joined as they are. All other answers, and everything in a head that is Node's own (date, connection,
 * framing), are left to Node.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { isPlain } from './plain-request.ts';

/** What Node's own `writeHead` calls at its end. The beginning becomes part of the head unchecked. */
interface JoinedResponse {
  _hasBody: boolean;
  _storeHeader(beginning: string, headers: readonly string[]): void;
}

const statusLines = new Map(
  [200, 201, 204].map((status) => [status, `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`]),
);

/**
 * @param headers names and values in turn, none of which says how the body is framed or what becomes of the connection.
 * @param bytes length of the body; null: the status allows none.
 */
export function writeHead(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  bytes: number | null,
): void {
  const framing = bytes === null ? [] : ['content-length', String(bytes)];
  const statusLine = statusLines.get(status);
  if (statusLine === undefined || !isPlain(response.req)) {
    response.writeHead(status, [...headers, ...framing]);
    return;
  }
  let beginning = statusLine;
  let isName = true;
  for (const text of headers) {
    beginning += text + (isName ? ': ' : '\r\n');
    isName = !isName;
  }
  response.statusCode = status;
  const joined = response as unknown as JoinedResponse;
  if (status === 204) joined._hasBody = false;
  joined._storeHeader(beginning, framing);
}
