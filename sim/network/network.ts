/**
 * The network between processes. Datagrams (Raft) may be lost, duplicated, overtaken. Messages of a stream (a TCP
 * connection) are never lost while the connection lives: a loss is a delay, a cut holds them until it is healed, and so a
 * request may arrive long after its caller gave up. The caller decides which messages may overtake each other: each message
 * of a stream takes its own time, as independent HTTP/2 streams do.
 */
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { drawLatencyUs, type LatencyProfile } from '../kernel/latency.ts';
import type { LinkTable } from './link-table.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import type { TraceHash } from '../kernel/trace-hash.ts';

/** Chances, from 0 to 1, for every message on every link. */
export interface LinkQuality {
  loss: number;
  duplicate: number;
  reorder: number;
}

const perfectQuality: LinkQuality = { loss: 0, duplicate: 0, reorder: 0 };
/** A message picked for reordering is held back for up to this long, enough for heartbeats to overtake it. */
const reorderDelayUsMax = 250_000;
/** Linux's smallest retransmission timeout; it doubles each time. */
const retransmitUsMin = 200_000;
const retransmitsMax = 6;
/** How many messages one direction of a link holds at most while it is cut; later ones are dropped, and their stream has a gap. */
const heldMessagesMax = 10_000;

interface Packet {
  from: number;
  to: number;
  /** Goes into the trace hash when the message is delivered: kind and content in a few integers. */
  tag: number;
  run: (argument: never) => void;
  argument: unknown;
}

export class Network {
  quality: LinkQuality = perfectQuality;
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  readonly #hash: TraceHash;
  readonly #counters: FaultCounters;
  readonly #links: LinkTable;
  readonly #held = new Map<number, Packet[]>();
  /** One way of a link, to the delay in microseconds after which each of its datagrams arrives a second time. */
  readonly #echoes = new Map<number, number>();

  constructor(parts: {
    kernel: Kernel;
    random: RandomStream;
    hash: TraceHash;
    counters: FaultCounters;
    links: LinkTable;
  }) {
    this.#kernel = parts.kernel;
    this.#random = parts.random;
    this.#hash = parts.hash;
    this.#counters = parts.counters;
    this.#links = parts.links;
  }

  /**
   * Sends a datagram: `run(argument)` happens at the other host once, twice or never; twice only if it `mayRepeat`.
   * Numbers are process indices.
   */
  sendDatagram<Argument>(
    from: number,
    to: number,
    options: { tag: number; mayRepeat: boolean },
    run: (argument: Argument) => void,
    argument: Argument,
  ): void {
    const packet: Packet = { from, to, tag: options.tag, run, argument };
    const { quality } = this;
    if (this.#links.isCut(from, to)) {
      this.#counters.cutDatagrams++;
      return;
    }
    const echoUs = this.#echoes.size === 0 ? undefined : this.#echoes.get(keyOf(from, to));
    if (echoUs !== undefined && options.mayRepeat) {
      this.#counters.duplicatedDatagrams++;
      this.#transmit(packet, echoUs);
    }
    let delayUs = 0;
    if (quality !== perfectQuality) {
      const random = this.#random;
      if (random.nextChance(quality.loss)) {
        this.#counters.lostDatagrams++;
        return;
      }
      if (options.mayRepeat && random.nextChance(quality.duplicate)) {
        this.#counters.duplicatedDatagrams++;
        this.#transmit(packet, this.#reorderDelayUs());
      }
      delayUs = this.#reorderDelayUs();
    }
    this.#transmit(packet, delayUs);
  }

  /**
   * Sends one message of a stream: `run(argument)` happens at the other host once, sooner or later, unless the link stays
   * cut or holds too much.
   */
  sendStream<Argument>(
    from: number,
    to: number,
    tag: number,
    run: (argument: Argument) => void,
    argument: Argument,
  ): void {
    const packet: Packet = { from, to, tag, run, argument };
    if (this.#links.isCut(from, to)) {
      this.#hold(packet);
      return;
    }
    let delayUs = 0;
    if (this.quality !== perfectQuality) {
      delayUs = this.#reorderDelayUs();
      for (let tries = 0; tries < retransmitsMax && this.#random.nextChance(this.quality.loss); tries++) {
        this.#counters.retransmissions++;
        delayUs += retransmitUsMin << tries;
      }
    }
    this.#transmit(packet, delayUs);
  }

  /** Every link behaves like this from now on. */
  setQuality(quality: Partial<LinkQuality>): void {
    this.quality = { ...perfectQuality, ...quality };
  }

  /** Sets the delays of one direction of one link; `LinkTable` has the default. */
  setLatency(link: { from: string; to: string }, profile: LatencyProfile): void {
    this.#links.setLatency(link.from, link.to, profile);
  }

  /** Cuts one direction of one link. */
  cut(link: { from: string; to: string }): void {
    this.#links.cut(link.from, link.to);
  }

  /** Cuts every link between two groups, both ways. Processes in no group keep all their links. */
  partition(groups: readonly (readonly string[])[]): void {
    for (const [at, group] of groups.entries()) {
      for (const other of groups.slice(at + 1)) {
        for (const one of group) {
          for (const two of other) {
            this.#links.cut(one, two);
            this.#links.cut(two, one);
          }
        }
      }
    }
  }

  /** Holds everything on one direction of one link, datagrams too, and lets it go at `untilMs` of virtual time. */
  clog(link: { from: string; to: string; untilMs: number }): void {
    this.#links.clog(link.from, link.to, link.untilMs * 1000);
  }

  /** Every datagram of one way of one link also arrives a second time, so much later, even if the link has been cut meanwhile. */
  echo(link: { from: string; to: string; delayMs: number }): void {
    const key = keyOf(this.#links.indexOf(link.from), this.#links.indexOf(link.to));
    this.#echoes.set(key, link.delayMs * 1000);
  }

  /** Holds all messages of one way until `release`, which sends each with its own latency. */
  stop(link: { from: string; to: string }): { release(): void } {
    const { from, to } = link;
    this.#links.cut(from, to);
    return { release: () => this.#release(from, to) };
  }

  #release(from: string, to: string): void {
    this.#links.mend(from, to);
    const key = keyOf(this.#links.indexOf(from), this.#links.indexOf(to));
    for (const packet of this.#held.get(key) ?? []) this.#transmit(packet, 0);
    this.#held.delete(key);
  }

  /** Ends cuts, partitions, clogs and copies and makes every link perfect. Messages of streams that waited are sent now. */
  heal(): void {
    this.quality = perfectQuality;
    this.#links.heal();
    this.#echoes.clear();
    for (const packets of this.#held.values()) {
      for (const packet of packets) this.#transmit(packet, 0);
    }
    this.#held.clear();
  }

  #transmit(packet: Packet, extraDelayUs: number): void {
    const { from, to } = packet;
    const clogUntilUs = this.#links.clogUntilUs(from, to);
    let startUs = this.#kernel.nowUs;
    if (clogUntilUs > startUs) {
      this.#counters.heldMessages++;
      startUs = clogUntilUs;
    }
    const latencyUs = drawLatencyUs(this.#links.latency(from, to), this.#random);
    this.#kernel.schedule(startUs + latencyUs + extraDelayUs, this.#deliver, packet);
  }

  #reorderDelayUs(): number {
    if (!this.#random.nextChance(this.quality.reorder)) return 0;
    this.#counters.reorderedMessages++;
    return this.#random.nextBelow(reorderDelayUsMax);
  }

  #hold(packet: Packet): void {
    const key = keyOf(packet.from, packet.to);
    const packets = this.#held.get(key);
    if (packets === undefined) this.#held.set(key, [packet]);
    else if (packets.length < heldMessagesMax) packets.push(packet);
    this.#counters.heldMessages++;
  }

  readonly #deliver = (packet: Packet): void => {
    const hash = this.#hash;
    hash.mix(this.#kernel.nowUs);
    hash.mix((packet.from << 16) | packet.to);
    hash.mix(packet.tag);
    packet.run(packet.argument as never);
  };
}

function keyOf(from: number, to: number): number {
  return from * 0x1_0000 + to;
}
