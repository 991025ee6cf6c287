/**
 * TCP connections between a client process and a listening process, as far as callers can tell them apart: refused when
 * the process is down but its host is up, silent when the host is dark, reset when the process dies or was restarted.
 * The first user opens a connection, all users share it, and the first user after a reset opens it anew.
 */
import type { ConnectionSettings } from './connection-settings.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { Network } from './network.ts';
import type { SimProcess } from '../host/process.ts';

/** A handshake that got no answer is tried again after this long, as long as a user waits for it. */
const connectRetryUs = 1_000_000;

/** Tags of the messages of a connection in the trace hash; those of calls and watches are larger. */
const connectTag = 1;
const acceptTag = 2;
const refuseTag = 3;
const resetTag = 4;
const pingTag = 5;
const pongTag = 6;

/** A user of a connection. Exactly one of `onOpen` and `onRefused` is called; `onReset` at most once, after `onOpen`. */
export interface ConnectionUser {
  /** Whether it goes on waiting when the connection is refused; it then gives up by itself. */
  readonly isPatient: boolean;
  onOpen(): void;
  /** The process is not there: nothing was sent. */
  onRefused(): void;
  /** The connection broke: what was sent may have arrived, and no answer will come. */
  onReset(): void;
}

/** A process that accepts connections. */
export class Listener {
  readonly process: SimProcess;
  readonly connections = new Set<Connection>();

  constructor(process: SimProcess) {
    this.process = process;
    process.onCrash.push((kind) => {
      for (const connection of this.connections) {
        if (kind === 'kill') connection.resetFromHost();
      }
      this.connections.clear();
    });
  }
}

export class Connection {
  readonly client: SimProcess;
  readonly listener: Listener;
  readonly network: Network;
  state: 'idle' | 'connecting' | 'open' = 'idle';
  /** The incarnation of the listening process that accepted; another incarnation answers every message with a reset. */
  acceptedBy = -1;
  /** Counts openings: a reset that was meant for an earlier one is ignored. */
  #generation = 0;
  readonly #waiting = new Set<ConnectionUser>();
  readonly #users = new Set<ConnectionUser>();
  readonly #counters: FaultCounters;
  readonly #settings: ConnectionSettings;
  #isPingOut = false;

  constructor(parts: {
    client: SimProcess;
    listener: Listener;
    network: Network;
    counters: FaultCounters;
    settings: ConnectionSettings;
  }) {
    this.client = parts.client;
    this.listener = parts.listener;
    this.network = parts.network;
    this.#counters = parts.counters;
    this.#settings = parts.settings;
  }

  /** Lets the user in, at once when the connection is open. */
  use(user: ConnectionUser): void {
    if (this.state === 'open') {
      this.#users.add(user);
      user.onOpen();
      return;
    }
    this.#waiting.add(user);
    if (this.state === 'idle') this.#connect();
  }

  /** The user is done, or has given up waiting; nothing more will be called on it. */
  leave(user: ConnectionUser): void {
    if (!this.#users.delete(user)) this.#waiting.delete(user);
  }

  /** The client has crashed: nobody waits any more. */
  abandon(): void {
    this.#waiting.clear();
    this.#users.clear();
    this.#close();
  }

  /**
   * Runs at the listening host when a message arrives that was sent while `acceptedBy` was the incarnation at the other
   * end: true when that one still runs. Otherwise the client is told, unless it has found out and connected again.
   */
  isAlive(acceptedBy: number): boolean {
    const { process } = this.listener;
    if (!process.isHostUp) return false;
    if (process.state !== 'down' && process.incarnation === acceptedBy) return true;
    if (acceptedBy === this.acceptedBy) this.resetFromHost();
    return false;
  }

  /** Runs at the listening host, whose process is gone: tells the client. */
  resetFromHost(): void {
    this.#send('back', resetTag, this.#receiveReset, this.#generation);
  }

  #connect(): void {
    this.state = 'connecting';
    const generation = ++this.#generation;
    this.#send('forth', connectTag, this.#receiveConnect, generation);
    this.#schedule(connectRetryUs, this.#retryConnect, generation);
  }

  readonly #retryConnect = (generation: number): void => {
    if (this.state !== 'connecting' || generation !== this.#generation) return;
    if (this.#waiting.size === 0) this.state = 'idle';
    else this.#connect();
  };

  readonly #receiveConnect = (generation: number): void => {
    const { process } = this.listener;
    if (!process.isHostUp) return;
    if (process.state === 'down') {
      this.#send('back', refuseTag, this.#receiveRefusal, generation);
      return;
    }
    this.acceptedBy = process.incarnation;
    this.listener.connections.add(this);
    this.#send('back', acceptTag, this.#receiveAcceptance, generation);
  };

  readonly #receiveAcceptance = (generation: number): void => {
    if (this.state !== 'connecting' || generation !== this.#generation) return;
    this.state = 'open';
    if (this.#settings.keepAliveUs > 0) this.#schedule(this.#settings.keepAliveUs, this.#ping, generation);
    for (const user of this.#waiting) {
      this.#waiting.delete(user);
      this.#users.add(user);
      user.onOpen();
    }
  };

  readonly #receiveRefusal = (generation: number): void => {
    if (this.state !== 'connecting' || generation !== this.#generation) return;
    this.#counters.refusedConnections++;
    this.#close();
    this.#refuseWaiting();
  };

  readonly #receiveReset = (generation: number): void => {
    if (generation !== this.#generation || this.state === 'idle') return;
    this.#breakOff();
  };

  /** Users of the open connection are reset: what they sent may have arrived. Users that wait for the handshake sent nothing: refused. */
  #breakOff(): void {
    this.#counters.resetConnections++;
    this.#close();
    this.#refuseWaiting();
    for (const user of this.#users) {
      if (this.#users.delete(user)) user.onReset();
    }
  }

  /** Refuses those that wait; the patient ones wait for the next try. */
  #refuseWaiting(): void {
    // A refused user may ask for a new connection at once: that request is not refused.
    const refused = [...this.#waiting];
    for (const user of refused) {
      if (!user.isPatient && this.#waiting.delete(user)) user.onRefused();
    }
    if (this.#waiting.size === 0 || this.state !== 'idle') return;
    this.state = 'connecting';
    this.#schedule(this.#settings.reconnectUs, this.#retryConnect, this.#generation);
  }

  readonly #ping = (generation: number): void => {
    if (this.state !== 'open' || generation !== this.#generation) return;
    if (this.#users.size === 0) {
      this.#schedule(this.#settings.keepAliveUs, this.#ping, generation);
      return;
    }
    this.#isPingOut = true;
    this.#send('forth', pingTag, this.#receivePing, generation);
    this.#schedule(this.#settings.keepAliveTimeoutUs, this.#missPong, generation);
  };

  /** At the listening host; the process answers, and so not while it is paused. */
  readonly #receivePing = (generation: number): void => {
    if (this.isAlive(this.acceptedBy)) this.listener.process.accept(this.#answerPing, generation);
  };

  readonly #answerPing = (generation: number): void =>
    this.#send('back', pongTag, this.#receivePong, generation);

  readonly #receivePong = (generation: number): void => {
    if (generation !== this.#generation || !this.#isPingOut) return;
    this.#isPingOut = false;
    this.#schedule(this.#settings.keepAliveUs, this.#ping, generation);
  };

  readonly #missPong = (generation: number): void => {
    if (generation === this.#generation && this.#isPingOut) this.#breakOff();
  };

  #close(): void {
    this.state = 'idle';
    this.#isPingOut = false;
    this.#generation++;
    this.listener.connections.delete(this);
  }

  #schedule(delayUs: number, run: (generation: number) => void, generation: number): void {
    const { kernel } = this.client;
    kernel.schedule(kernel.nowUs + delayUs, run, generation);
  }

  #send(
    direction: 'forth' | 'back',
    tag: number,
    run: (generation: number) => void,
    generation: number,
  ): void {
    const client = this.client.index;
    const server = this.listener.process.index;
    if (direction === 'forth') this.network.sendStream(client, server, tag, run, generation);
    else this.network.sendStream(server, client, tag, run, generation);
  }
}
