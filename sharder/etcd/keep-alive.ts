/**
 * Pings that find out that the machine behind a session is gone: such a machine sends no reset. They are sent only while a
 * call is open, because etcd ends a session that is pinged without one, or more often than every 5 s.
 */
import type { ClientHttp2Session } from 'node:http2';
import { connectionTiming } from './connection-timing.ts';

interface KeepAliveTiming {
  keepAliveMs: number;
  keepAliveTimeoutMs: number;
}

export class KeepAlive {
  private readonly session: ClientHttp2Session;
  private readonly timing: KeepAliveTiming;
  private callsOpen = 0;
  /** The time for a ping came while no call was open. */
  private isDue = false;

  constructor(session: ClientHttp2Session, timing: KeepAliveTiming = connectionTiming) {
    this.session = session;
    this.timing = timing;
    this.plan();
  }

  callBegan(): void {
    this.callsOpen++;
    if (this.isDue) this.ping();
  }

  callEnded(): void {
    this.callsOpen--;
  }

  /** Its timers do not keep the process running: a call does, by its deadline. */
  private plan(): void {
    setTimeout(() => {
      if (this.callsOpen > 0) this.ping();
      else this.isDue = true;
    }, this.timing.keepAliveMs).unref();
  }

  private ping(): void {
    this.isDue = false;
    if (this.session.destroyed) return;
    const cut = setTimeout(() => this.session.destroy(), this.timing.keepAliveTimeoutMs).unref();
    this.session.ping((error) => {
      clearTimeout(cut);
      if (error === null) this.plan();
    });
  }
}
