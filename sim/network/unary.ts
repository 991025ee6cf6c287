/**
 * Unary calls over simulated connections. The caller learns what a caller of gRPC or HTTP can know: a reply, proof that
 * nothing was sent, or neither. A call whose deadline has passed may still arrive and be carried out.
 */
import { Listener, type Connection, type ConnectionUser } from './connection.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { httpConnection, type ConnectionSettings } from './connection-settings.ts';
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { SimProcess } from '../host/process.ts';

export type UnaryResult<Reply> =
  | { kind: 'reply'; reply: Reply }
  | { kind: 'not_sent'; message: string }
  | { kind: 'lost'; cause?: 'deadline'; message: string };

/** A listening process and what it does with a call. */
export class UnaryServer<Request, Reply> extends Listener {
  /** Runs in the server's process; must lead to one `call.answer`, now or later, or none when the request is dropped. */
  readonly handle: (call: UnaryCall<Request, Reply>) => void;

  /** @param options.isSynchronous the handler starts and settles no promises: no barrier is needed after it. */
  constructor(
    process: SimProcess,
    handle: (call: UnaryCall<Request, Reply>) => void,
    options: { isSynchronous: boolean } = { isSynchronous: false },
  ) {
    super(process);
    this.handle = options.isSynchronous
      ? handle
      : (call) => {
          process.kernel.touchPromises();
          handle(call);
        };
  }
}

export class UnaryCall<Request, Reply> implements ConnectionUser {
  readonly request: Request;
  readonly isPatient: boolean;
  readonly #server: UnaryServer<Request, Reply>;
  readonly #connection: Connection;
  readonly #tag: number;
  readonly #incarnation: number;
  readonly #deadline: ScheduledEvent;
  #state: 'waiting' | 'sent' | 'settled' = 'waiting';
  #settle: ((result: UnaryResult<Reply>) => void) | null;
  #reply: Reply | undefined;
  #acceptedBy = -1;

  constructor(
    server: UnaryServer<Request, Reply>,
    connection: Connection,
    request: Request,
    options: {
      deadlineMs: number;
      tag: number;
      isPatient: boolean;
      settle: (result: UnaryResult<Reply>) => void;
    },
  ) {
    this.request = request;
    this.#server = server;
    this.#connection = connection;
    this.isPatient = options.isPatient;
    this.#tag = options.tag;
    this.#settle = options.settle;
    this.#incarnation = connection.client.incarnation;
    const { kernel } = connection.client;
    this.#deadline = kernel.schedule(kernel.nowUs + options.deadlineMs * 1000, expireCall, this);
  }

  /** Sends the reply; for the server. The second one, and one from a server that has died since, are dropped. */
  answer(reply: Reply): void {
    const { client, listener, network } = this.#connection;
    if (this.#reply !== undefined || listener.process.incarnation !== this.#acceptedBy) return;
    this.#reply = reply;
    network.sendStream(listener.process.index, client.index, this.#tag + 1, deliverReply, this);
  }

  onOpen(): void {
    this.#state = 'sent';
    const { client, listener, network, acceptedBy } = this.#connection;
    this.#acceptedBy = acceptedBy;
    network.sendStream(client.index, listener.process.index, this.#tag, deliverRequest, this);
  }

  onRefused(): void {
    this.#connection.client.accept(settleRefused, this);
  }

  onReset(): void {
    this.#connection.client.accept(settleReset, this);
  }

  /** At the server's host. */
  arrive(): void {
    if (this.#connection.isAlive(this.#acceptedBy)) this.#server.process.accept(this.#server.handle, this);
  }

  /** At the client's host. */
  arriveBack(): void {
    if (this.#incarnation === this.#connection.client.incarnation) {
      this.#connection.client.accept(settleReplied, this);
    }
  }

  expire(): void {
    if (this.#incarnation === this.#connection.client.incarnation) {
      this.#connection.client.accept(settleExpired, this);
    }
  }

  settleReply(): void {
    this.#finish({ kind: 'reply', reply: this.#reply as Reply });
  }

  settleDeadline(): void {
    const message = `deadline exceeded calling ${this.#server.process.name}`;
    if (this.#state === 'waiting') this.#finish({ kind: 'not_sent', message });
    else this.#finish({ kind: 'lost', cause: 'deadline', message });
  }

  /** Does nothing when the call has been sent meanwhile. */
  giveUpConnecting(): void {
    if (this.#incarnation !== this.#connection.client.incarnation || this.#state !== 'waiting') return;
    this.#connection.client.accept(settleUnconnected, this);
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Whether nobody waits for the answer any more; a server learns this from its end of the connection. */
  get gone(): boolean {
    return this.#settle === null || this.#incarnation !== this.#connection.client.incarnation;
  }

  settle(kind: 'not_sent' | 'lost', problem: string): void {
    this.#finish({ kind, message: `${this.#server.process.name}: ${problem}` });
  }

  #finish(result: UnaryResult<Reply>): void {
    const settle = this.#settle;
    if (settle === null) return;
    this.#settle = null;
    this.#state = 'settled';
    this.#deadline.cancel();
    this.#connection.leave(this);
    this.#connection.client.kernel.touchPromises();
    settle(result);
  }
}

export interface CallerSettings {
  connection: ConnectionSettings;
  /** A call waits this long for a connection, trying again when refused, and is then `not_sent`. 0: a refusal ends it. */
  connectMsMax: number;
}

const httpCaller: CallerSettings = { connection: httpConnection, connectMsMax: 0 };

/** Makes calls for one client process. */
export class UnaryCaller {
  readonly #pool: ConnectionPool;
  readonly #settings: CallerSettings;
  #nextTag = 16;

  constructor(pool: ConnectionPool, settings: CallerSettings = httpCaller) {
    this.#pool = pool;
    this.#settings = settings;
  }

  /** One call: sent at most once, never retried; the promise never rejects, and never settles if the client crashes. */
  call<Request, Reply>(
    server: UnaryServer<Request, Reply>,
    request: Request,
    options: { deadlineMs: number },
  ): Promise<UnaryResult<Reply>> {
    return new Promise((settle) => this.start(server, request, { deadlineMs: options.deadlineMs, settle }));
  }

  /** As `call`, with a callback in place of a promise. */
  start<Request, Reply>(
    server: UnaryServer<Request, Reply>,
    request: Request,
    options: { deadlineMs: number; settle: (result: UnaryResult<Reply>) => void },
  ): void {
    // A process that has just died may have code on its stack: a call from there never happens.
    if (this.#pool.client.state === 'down') return;
    const { connectMsMax } = this.#settings;
    const connection = this.#pool.to(server, this.#settings.connection);
    const tag = this.#nextTag;
    this.#nextTag += 2;
    const { deadlineMs, settle } = options;
    const isPatient = connectMsMax > 0;
    const call = new UnaryCall(server, connection, request, { deadlineMs, settle, tag, isPatient });
    connection.use(call);
    if (!isPatient || !call.isWaiting || connectMsMax >= deadlineMs) return;
    const { kernel } = this.#pool.client;
    kernel.schedule(kernel.nowUs + connectMsMax * 1000, giveUpConnecting, call);
  }
}

// Functions of the module in place of closures: a call makes several events, and most are never looked at.
interface AnyCall {
  readonly isWaiting: boolean;
  arrive(): void;
  arriveBack(): void;
  expire(): void;
  giveUpConnecting(): void;
  settleReply(): void;
  settleDeadline(): void;
  settle(kind: 'not_sent' | 'lost', problem: string): void;
}
const deliverRequest = (call: AnyCall): void => call.arrive();
const deliverReply = (call: AnyCall): void => call.arriveBack();
const expireCall = (call: AnyCall): void => call.expire();
const settleReplied = (call: AnyCall): void => call.settleReply();
const settleExpired = (call: AnyCall): void => call.settleDeadline();
const giveUpConnecting = (call: AnyCall): void => call.giveUpConnecting();
/** The connection may have opened while the process was paused: then the request is on its way. */
const settleUnconnected = (call: AnyCall): void => {
  if (call.isWaiting) call.settle('not_sent', 'no connection in time');
};
const settleRefused = (call: AnyCall): void => call.settle('not_sent', 'connection refused');
const settleReset = (call: AnyCall): void => call.settle('lost', 'connection reset');
