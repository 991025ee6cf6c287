/** What is refused whatever the route: framing, codings and expectations that are not understood (RFC 9110, RFC 9112). */
import type { IncomingMessage } from 'node:http';
import { badRequest, HttpError } from './http-error.ts';
import { methodOf } from './request-line.ts';

const closing = ['connection', 'close'];
const reading = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** @throws HttpError 400, 415, 417, 501 or 505. */
export function checkRequest(request: IncomingMessage): void {
  const { headers, httpVersionMajor } = request;
  if (httpVersionMajor !== 1)
    throw new HttpError(505, 'version_not_supported', 'HTTP/1.1 and HTTP/1.0 are spoken here', closing);
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined) checkTransferCoding(transfer, request);
  // RFC 9110, section 10.1.1; Node has an event of its own for other expectations.
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    throw new HttpError(417, 'expectation_failed', 'only Expect: 100-continue is known');
  if (reading.has(methodOf(request))) return;
  const coding = headers['content-encoding'];
  if (coding !== undefined && !/^(?:identity)?$/i.test(coding))
    throw new HttpError(415, 'unsupported_content_coding', 'send the content as it is, without a coding', [
      'accept-encoding',
      'identity',
    ]);
  // RFC 9110, section 14.5: a part would be taken for the whole.
  if (headers['content-range'] !== undefined)
    throw badRequest('Content-Range is not known here: send the whole content');
}

/** RFC 9112, sections 6.1 and 6.3: where the body ends must be certain, and what it means must be known. */
function checkTransferCoding(transfer: string, { httpVersionMinor }: IncomingMessage): void {
  if (httpVersionMinor === 0)
    throw new HttpError(400, 'bad_request', 'HTTP/1.0 has no transfer codings', closing);
  const codings = transfer
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  if (codings.length === 1 && codings[0] === 'chunked') return;
  if (codings.indexOf('chunked') !== codings.length - 1)
    throw new HttpError(400, 'bad_request', 'transfer codings end in chunked, once', closing);
  throw new HttpError(501, 'unknown_transfer_coding', 'only the transfer coding chunked is known', closing);
}

const json = /^application\/json[ \t]*(?:;[ \t]*(?:charset[ \t]*=[ \t]*(?:utf-8|"utf-8"))?[ \t]*)*$/i;

/**
 * A route that reads JSON demands its content type: a page of another origin can send any other text unasked.
 * @throws HttpError 415
 */
export function demandJson({ headers }: IncomingMessage): void {
  if (json.test(headers['content-type'] ?? '')) return;
  throw new HttpError(415, 'unsupported_media_type', 'send JSON: content-type: application/json', [
    'accept',
    'application/json',
  ]);
}
