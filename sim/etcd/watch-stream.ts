/**
 * One watch over a simulated connection: the client's end, the member's end, and the messages between them. These arrive
 * whole and in order, as on one HTTP/2 stream, or not at all.
 */
import type { EtcdEvent, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import type { WatchSink } from '../../sharder/core/ports.ts';
import type { Connection, ConnectionUser } from '../network/connection.ts';
import type { SimMember } from './member.ts';
import type { WatchOutlet } from './watch-hub.ts';

type Message =
  | { kind: 'created'; revision: number }
  | { kind: 'events'; events: readonly EtcdEvent[]; revision: number }
  | { kind: 'compacted'; compactRevision: number }
  | { kind: 'broken' };

interface Numbered {
  stream: WatchStream;
  number: number;
  message: Message;
}

export class WatchStream implements ConnectionUser, WatchOutlet {
  /** gRPC fails a stream at once when its connection is refused. */
  readonly isPatient = false;
  readonly #member: SimMember;
  readonly #connection: Connection;
  readonly #request: WatchRequest;
  readonly #tag: number;
  readonly #incarnation: number;
  #sink: WatchSink | null;
  #acceptedBy = -1;
  #sentCount = 0;
  #deliveredCount = 0;
  /** Messages that have overtaken others, by their number. */
  readonly #early = new Map<number, Message>();

  constructor(parts: {
    member: SimMember;
    connection: Connection;
    request: WatchRequest;
    sink: WatchSink;
    tag: number;
  }) {
    this.#member = parts.member;
    this.#connection = parts.connection;
    this.#request = parts.request;
    this.#sink = parts.sink;
    this.#tag = parts.tag;
    this.#incarnation = parts.connection.client.incarnation;
  }

  /** The client stops listening; it hears nothing more. The member finds out when it has something to send. */
  cancel(): void {
    this.#sink = null;
    this.#connection.leave(this);
  }

  onOpen(): void {
    const { client, listener, network, acceptedBy } = this.#connection;
    this.#acceptedBy = acceptedBy;
    network.sendStream(client.index, listener.process.index, this.#tag, openAtHost, this);
  }

  onRefused(): void {
    this.#connection.client.accept(endRefused, this);
  }

  onReset(): void {
    this.#connection.client.accept(endReset, this);
  }

  openAtHost(): void {
    if (this.#connection.isAlive(this.#acceptedBy)) this.#member.process.accept(openInMember, this);
  }

  openInMember(): void {
    if (!this.isClosed()) this.#member.openWatch(this.#request, this);
  }

  created(revision: number): void {
    this.#send({ kind: 'created', revision });
  }

  events(events: readonly EtcdEvent[], revision: number): void {
    this.#send({ kind: 'events', events, revision });
  }

  compacted(compactRevision: number): void {
    this.#send({ kind: 'compacted', compactRevision });
  }

  broken(): void {
    this.#send({ kind: 'broken' });
  }

  isClosed(): boolean {
    return this.#sink === null || this.#incarnation !== this.#connection.client.incarnation;
  }

  /** At the client's host: puts messages back in order. */
  receive(number: number, message: Message): void {
    if (number !== this.#deliveredCount) {
      this.#early.set(number, message);
      return;
    }
    let next: Message | undefined = message;
    while (next !== undefined && !this.isClosed()) {
      this.#deliveredCount++;
      this.#deliver(next);
      next = this.#early.get(this.#deliveredCount);
      this.#early.delete(this.#deliveredCount);
    }
  }

  end(message: string): void {
    const sink = this.#sink;
    this.cancel();
    this.#connection.client.kernel.touchPromises();
    sink?.onEnd({ kind: 'lost', message: `watch on ${this.#member.process.name}: ${message}` });
  }

  #send(message: Message): void {
    const numbered: Numbered = { stream: this, number: this.#sentCount++, message };
    const { watchLagUs, process } = this.#member;
    if (watchLagUs === 0) WatchStream.sendNow(numbered);
    else process.kernel.schedule(process.kernel.nowUs + watchLagUs, acceptSend, numbered);
  }

  /** At the member's host: messages that it had not sent yet are lost when it dies. */
  static sendLate(numbered: Numbered): void {
    const { stream } = numbered;
    if (stream.isClosed() || !stream.#connection.isAlive(stream.#acceptedBy)) return;
    stream.#member.process.accept(sendInMember, numbered);
  }

  static sendNow(numbered: Numbered): void {
    const { stream } = numbered;
    const { client, listener, network } = stream.#connection;
    network.sendStream(listener.process.index, client.index, stream.#tag + 1, arriveAtClient, numbered);
  }

  #deliver(message: Message): void {
    const sink = this.#sink!;
    this.#connection.client.kernel.touchPromises();
    switch (message.kind) {
      case 'created':
        sink.onCreated?.(message.revision, this.#member.memberId);
        break;
      case 'events':
        sink.onEvents(message.events, message.revision);
        break;
      case 'compacted':
        this.cancel();
        sink.onEnd({ kind: 'compacted', compactRevision: message.compactRevision });
        break;
      case 'broken':
        this.end('ended by the member');
    }
  }

  /** In the client's process, when it runs. */
  static arrive({ stream, number, message }: Numbered): void {
    if (!stream.isClosed()) stream.receive(number, message);
  }

  /** At the client's host. */
  static arriveAtHost(numbered: Numbered): void {
    const { stream } = numbered;
    if (!stream.isClosed()) stream.#connection.client.accept(arriveInClient, numbered);
  }
}

const openAtHost = (stream: WatchStream): void => stream.openAtHost();
const openInMember = (stream: WatchStream): void => stream.openInMember();
const endRefused = (stream: WatchStream): void => stream.end('connection refused');
const endReset = (stream: WatchStream): void => stream.end('connection reset');
const acceptSend = (numbered: Numbered): void => WatchStream.sendLate(numbered);
const sendInMember = (numbered: Numbered): void => WatchStream.sendNow(numbered);
const arriveAtClient = (numbered: Numbered): void => WatchStream.arriveAtHost(numbered);
const arriveInClient = (numbered: Numbered): void => WatchStream.arrive(numbered);
