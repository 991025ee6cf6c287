/** TLS unlike any library's: a client whose bytes are spoilt on the way, in the handshake or after it. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';

/** What happens to the byte at `at` of all that the client sends, and to the bytes after it. */
export interface Spoiling {
  at: number;
  /** `flip`: its bits turn; `insert`: bytes come before it; `plain`: it and all after it are replaced by these bytes; `cut`: by nothing. */
  how: 'flip' | 'insert' | 'plain' | 'cut';
  /** Latin-1. */
  bytes: string;
}

/** A handshake that is not done after this time never will be: its bytes were spoilt. */
const handshakeMsMax = 150;

/** Speaks TLS over a connected socket. Resolves when the handshake is done, or will not be. */
export async function speakTls(socket: Socket, spoiling: Spoiling | null): Promise<TLSSocket> {
  const secure = connect({ socket: new SpoiltWire(socket, spoiling), rejectUnauthorized: false });
  secure.on('error', () => undefined);
  const ended = once(secure, 'close').catch(() => undefined);
  const waits: Promise<unknown>[] = [once(secure, 'secureConnect').catch(() => undefined), ended];
  if (spoiling !== null) waits.push(new Promise((resolve) => setTimeout(resolve, handshakeMsMax)));
  await Promise.race(waits);
  return secure;
}

class SpoiltWire extends Duplex {
  private readonly socket: Socket;
  private readonly spoiling: Spoiling | null;
  private sent = 0;

  constructor(socket: Socket, spoiling: Spoiling | null) {
    super({ allowHalfOpen: true });
    this.socket = socket;
    this.spoiling = spoiling;
    socket.on('data', (data) => void this.push(data));
    socket.on('end', () => void this.push(null));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const bytes = this.spoil(chunk);
    this.sent += chunk.length;
    if (bytes.length > 0 && this.socket.writable) this.socket.write(bytes);
    // Does not wait until the bytes are taken, as with a plain client.
    done();
  }

  override _final(done: () => void): void {
    done();
  }

  private spoil(chunk: Buffer): Buffer {
    const { spoiling } = this;
    if (spoiling === null) return chunk;
    const index = spoiling.at - this.sent;
    const replaces = spoiling.how === 'plain' || spoiling.how === 'cut';
    if (index >= chunk.length) return chunk;
    if (index < 0) return replaces ? Buffer.alloc(0) : chunk;
    const before = chunk.subarray(0, index);
    const after = chunk.subarray(index);
    const bytes = Buffer.from(spoiling.bytes, 'latin1');
    switch (spoiling.how) {
      case 'flip':
        return Buffer.concat([before, Buffer.from([after[0]! ^ 0xff]), after.subarray(1)]);
      case 'insert':
        return Buffer.concat([before, bytes, after]);
      case 'plain':
        return Buffer.concat([before, bytes]);
      case 'cut':
        return before;
    }
  }
}
