/**
 * One unary gRPC call as one stream of an HTTP/2 session, in Node's own HTTP/2. A general gRPC client passes each call through
 * interceptors, retries, a balancer and filters, of which none is wanted here: a batch of one operation cost it 210 us of CPU,
 * one of 64 operations 420, and costs 130 and 240 this way (gRPC's "PROTOCOL-HTTP2.md" describes what is on the wire).
 */
import { status } from '@grpc/grpc-js';
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import type { EtcdRequest } from '../core/etcd-messages.ts';
import type { RpcResult } from '../core/ports.ts';
import { connectionTiming } from './connection-timing.ts';
import { classifyGrpcError } from './grpc-errors.ts';
import type { UpSession } from './member-session.ts';
import { methods } from './wire.ts';

/** A message's prefix: one byte that says whether it is compressed, and four bytes of length. */
const prefixBytes = 5;
const { replyBytesMax } = connectionTiming;

/** @param deadlineMs milliseconds from now, after which it is `lost`. */
export function callUnary(up: UpSession, request: EtcdRequest, deadlineMs: number): Promise<RpcResult> {
  const { path, encode } = methods[request.kind];
  const message = framed(encode(request));
  const { session } = up;
  // The session has just ended, or the member has just said that it goes: Node would report that by a stream that fails.
  if (session.destroyed || session.closed)
    return Promise.resolve({ kind: 'not_sent', message: 'the connection has ended' });
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
    'grpc-timeout': `${Math.max(1, Math.ceil(deadlineMs))}m`,
  });
  return new Promise((resolve) => {
    new UnaryCall(up, stream, { kind: request.kind, deadlineMs, resolve }).send(message);
  });
}

interface Settling {
  kind: EtcdRequest['kind'];
  deadlineMs: number;
  resolve: (result: RpcResult) => void;
}

class UnaryCall {
  private readonly up: UpSession;
  private readonly stream: ClientHttp2Stream;
  private readonly settling: Settling;
  private readonly timer: NodeJS.Timeout;
  private chunks: Buffer[] = [];
  private gathered: Buffer | null = null;
  private received = 0;
  /** Headers that hold the call's status; null until they came. */
  private ended: IncomingHttpHeaders | null = null;
  private problem = 'the connection ended without an answer';
  private isSettled = false;

  constructor(up: UpSession, stream: ClientHttp2Stream, settling: Settling) {
    this.up = up;
    this.stream = stream;
    this.settling = settling;
    this.timer = setTimeout(() => this.expire(), settling.deadlineMs);
    up.keepAlive.callBegan();
  }

  send(message: Buffer): void {
    const { stream } = this;
    stream.on('response', (headers) => this.begin(headers));
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    stream.on('trailers', (headers) => this.end(headers));
    stream.on('error', (error) => (this.problem = error.message));
    stream.on('close', () => this.settle({ kind: 'lost', message: this.problem }));
    stream.end(message);
  }

  private begin(headers: IncomingHttpHeaders): void {
    // An answer without a message has its status here, and no trailers.
    if (headers['grpc-status'] !== undefined) this.end(headers);
    else if (Number(headers[':status']) !== 200) {
      this.settle({ kind: 'lost', message: `HTTP status ${String(headers[':status'])}` });
      this.stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  private take(chunk: Buffer): void {
    if (this.isSettled) return;
    const before = this.received;
    this.received += chunk.length;
    if (this.gathered === null) this.chunks.push(chunk);
    const bytes = this.messageBytes();
    if (bytes !== null && bytes > replyBytesMax) {
      const message = `the reply has ${bytes} bytes; at most ${replyBytesMax} are taken`;
      this.settle({ kind: 'lost', cause: 'reply_too_large', message });
      this.stream.close(constants.NGHTTP2_CANCEL);
    } else if (bytes !== null && this.received > prefixBytes + bytes) {
      this.settle({ kind: 'lost', message: 'more came than the answer was said to be' });
      this.stream.close(constants.NGHTTP2_CANCEL);
    } else {
      if (this.gathered !== null) this.gathered.set(chunk, before);
      else if (bytes !== null && this.received < prefixBytes + bytes) this.gather(prefixBytes + bytes);
      if (this.ended !== null) this.conclude(this.ended);
    }
  }

  /** Joins a message of many pieces as they come: the pieces and the whole are never in memory at once. */
  private gather(bytes: number): void {
    this.gathered = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const chunk of this.chunks) {
      this.gathered.set(chunk, at);
      at += chunk.length;
    }
    this.chunks = [this.gathered];
  }

  private end(headers: IncomingHttpHeaders): void {
    this.ended = headers;
    this.conclude(headers);
  }

  /** Settles the call once both the status and the message are here. */
  private conclude(ended: IncomingHttpHeaders): void {
    const code: status = Number(ended['grpc-status'] ?? status.UNKNOWN);
    if (code !== status.OK) {
      this.settle(classifyGrpcError({ code, details: textOf(ended['grpc-message']) }));
      return;
    }
    const bytes = this.messageBytes();
    if (bytes === null || this.received < prefixBytes + bytes) {
      this.problem = 'the answer ended without its message';
      return;
    }
    const all = this.inOne();
    try {
      const reply = methods[this.settling.kind].decode(all.subarray(prefixBytes, prefixBytes + bytes));
      this.settle({ kind: 'reply', reply });
    } catch (error) {
      this.settle({ kind: 'lost', message: `the reply cannot be read: ${(error as Error).message}` });
    }
  }

  /** The length of the message; null while that is not known. */
  private messageBytes(): number | null {
    if (this.received < prefixBytes) return null;
    const [first] = this.chunks;
    return first !== undefined && first.length >= prefixBytes
      ? first.readUInt32BE(1)
      : this.inOne().readUInt32BE(1);
  }

  /** The bytes that have come, joined. */
  private inOne(): Buffer {
    const [first] = this.chunks;
    if (first !== undefined && this.chunks.length === 1) return first;
    const all = Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }

  private expire(): void {
    const message = `no answer within ${Math.round(this.settling.deadlineMs)} ms`;
    this.settle({ kind: 'lost', cause: 'deadline', message });
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  private settle(result: RpcResult): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.timer);
    this.up.keepAlive.callEnded();
    this.chunks = [];
    this.gathered = null;
    this.settling.resolve(result);
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** gRPC percent-encodes what is not plain ASCII. */
function textOf(encoded: string | string[] | undefined): string {
  try {
    return decodeURIComponent(String(encoded ?? ''));
  } catch {
    return String(encoded);
  }
}
