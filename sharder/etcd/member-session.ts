/**
 * The HTTP/2 session that the unary calls to one member share: made at the first call, and anew after it has broken. It is
 * up once the member has sent something: the kernel accepts connections for a process that stands still, too.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import type { EtcdTls } from './connection.ts';
import { connectionTiming } from './connection-timing.ts';
import { KeepAlive } from './keep-alive.ts';

/** Bounds one try: a machine that is gone answers nothing at all. */
const tryMsMax = 5000;
/** So much of an answer may be on its way; with Node's 64 KiB a large one waits for window updates. */
const windowBytes = 1024 * 1024;
/** A session has 2^30 streams; the one that asks for more fails, and so would each call after it. */
const callsMax = 2 ** 29;
/** Longer than any call takes. */
const retiredMs = 60_000;
const { reconnectMs, reconnectMsMax } = connectionTiming;

/** A session that is up. */
export interface UpSession {
  readonly session: ClientHttp2Session;
  readonly keepAlive: KeepAlive;
}

type Waiter = (up: UpSession | null) => void;

export class MemberSession {
  private readonly url: string;
  private readonly tls: EtcdTls | null;
  private readonly callsMax: number;
  private readonly waiters = new Set<Waiter>();
  private up: UpSession | null = null;
  /** How often the session that is up was handed out. */
  private calls = 0;
  /** The newest session, up or not. */
  private session: ClientHttp2Session | null = null;
  /** A session is being made, or will be after the pause. */
  private isTrying = false;
  private pauseMs: number = reconnectMs;
  private failedAtMs = -Infinity;
  private closed = false;

  /** @param endpoint "host:port". @param bounds as tests tighten them. */
  constructor(endpoint: string, tls: EtcdTls | null, bounds: { callsMax: number } = { callsMax }) {
    this.callsMax = bounds.callsMax;
    this.url = `${tls ? 'https' : 'http'}://${endpoint}`;
    this.tls = tls;
  }

  /** The session if it is up, else once it is; null when it is not within so many milliseconds. */
  ready(withinMs: number): UpSession | Promise<UpSession | null> {
    if (this.up !== null && this.calls++ < this.callsMax) return this.up;
    if (this.up !== null) this.retire(this.up);
    if (!this.isTrying) this.tryAfterPause();
    return new Promise((resolve) => {
      const settle: Waiter = (up) => {
        clearTimeout(timer);
        this.waiters.delete(settle);
        resolve(up);
      };
      const timer = setTimeout(() => settle(null), withinMs);
      this.waiters.add(settle);
    });
  }

  close(): void {
    this.closed = true;
    this.session?.destroy();
    this.settle(null);
  }

  /** The next call makes another session; calls under way on this one end first. */
  private retire({ session }: UpSession): void {
    this.up = null;
    setTimeout(() => session.destroy(), retiredMs).unref();
  }

  private settle(up: UpSession | null): void {
    for (const waiter of this.waiters) waiter(up);
  }

  private tryAfterPause(): void {
    this.isTrying = true;
    const leftMs = this.failedAtMs + this.pauseMs - performance.now();
    if (leftMs <= 0) this.try();
    // The waiters keep the process running, not the pause.
    else setTimeout(() => this.try(), leftMs).unref();
  }

  private try(): void {
    if (this.closed) return;
    const { tls } = this;
    const session = connect(this.url, {
      ...(tls === null ? {} : { ca: tls.ca, cert: tls.certificate, key: tls.key }),
      settings: { enablePush: false, initialWindowSize: windowBytes },
      // Its calls bound its memory; past Node's 10 MB it would refuse new ones.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
    });
    this.session = session;
    // A call under way keeps the process running, by its deadline.
    session.unref();
    const bound = setTimeout(() => session.destroy(), tryMsMax).unref();
    let stage: 'trying' | 'up' | 'down' = 'trying';
    const goDown = () => {
      clearTimeout(bound);
      if (this.up?.session === session) this.up = null;
      if (stage === 'trying') this.noteFailure();
      stage = 'down';
    };
    session.once('remoteSettings', () => {
      clearTimeout(bound);
      if (stage !== 'trying') return;
      stage = 'up';
      this.noteUp(session);
    });
    // The `close` event that follows is enough.
    session.on('error', () => undefined);
    // Calls under way may yet end; no new one can begin.
    session.on('goaway', goDown);
    session.on('close', goDown);
  }

  private noteUp(session: ClientHttp2Session): void {
    this.isTrying = false;
    if (this.closed) return session.destroy();
    session.setLocalWindowSize(windowBytes);
    this.pauseMs = reconnectMs;
    this.calls = 0;
    this.up = { session, keepAlive: new KeepAlive(session) };
    this.settle(this.up);
  }

  private noteFailure(): void {
    this.isTrying = false;
    this.failedAtMs = performance.now();
    if (this.waiters.size > 0) this.tryAfterPause();
    this.pauseMs = Math.min(reconnectMsMax, 2 * this.pauseMs);
  }
}
