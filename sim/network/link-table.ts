/**
 * The state of each one-way link between processes: cut or not, clogged until when, how slow. Flat arrays by process
 * index, because every message asks.
 */
import type { LatencyProfile } from '../kernel/latency.ts';

/** Bounds the arrays: 256 processes squared is half a mebibyte. */
const processesMax = 256;

export class LinkTable {
  readonly #defaultLatency: LatencyProfile;
  readonly #indexOfName = new Map<string, number>();
  #stride = 16;
  #cuts = new Uint8Array(this.#stride * this.#stride);
  #clogs = new Float64Array(this.#stride * this.#stride);
  #latencies: (LatencyProfile | undefined)[] = [];

  constructor(defaultLatency: LatencyProfile) {
    this.#defaultLatency = defaultLatency;
  }

  /** Gives the process the next index. */
  addProcess(name: string): number {
    if (this.#indexOfName.has(name)) throw new Error(`link table: two processes are named ${name}`);
    const index = this.#indexOfName.size;
    if (index >= processesMax) throw new Error(`link table: more than ${processesMax} processes`);
    this.#indexOfName.set(name, index);
    while (index >= this.#stride) this.#grow();
    return index;
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts[from * this.#stride + to] === 1;
  }

  /** Virtual time before which nothing sent over this link arrives. */
  clogUntilUs(from: number, to: number): number {
    return this.#clogs[from * this.#stride + to]!;
  }

  latency(from: number, to: number): LatencyProfile {
    return this.#latencies[from * this.#stride + to] ?? this.#defaultLatency;
  }

  cut(from: string, to: string): void {
    this.#cuts[this.#at(from, to)] = 1;
  }

  /** Ends a cut of one way. */
  mend(from: string, to: string): void {
    this.#cuts[this.#at(from, to)] = 0;
  }

  /** The index of a process, by which the network speaks of it. @throws Error when there is none of this name. */
  indexOf(name: string): number {
    const index = this.#indexOfName.get(name);
    if (index === undefined) throw new Error(`link table: no process is named ${name}`);
    return index;
  }

  clog(from: string, to: string, untilUs: number): void {
    this.#clogs[this.#at(from, to)] = untilUs;
  }

  setLatency(from: string, to: string, profile: LatencyProfile): void {
    this.#latencies[this.#at(from, to)] = profile;
  }

  /** Ends every cut and clog. Latencies stay. */
  heal(): void {
    this.#cuts.fill(0);
    this.#clogs.fill(0);
  }

  #at(from: string, to: string): number {
    return this.indexOf(from) * this.#stride + this.indexOf(to);
  }

  #grow(): void {
    const oldStride = this.#stride;
    const stride = oldStride * 2;
    const cuts = new Uint8Array(stride * stride);
    const clogs = new Float64Array(stride * stride);
    const latencies: (LatencyProfile | undefined)[] = [];
    for (let from = 0; from < oldStride; from++) {
      for (let to = 0; to < oldStride; to++) {
        const at = from * oldStride + to;
        cuts[from * stride + to] = this.#cuts[at]!;
        clogs[from * stride + to] = this.#clogs[at]!;
        const latency = this.#latencies[at];
        if (latency !== undefined) latencies[from * stride + to] = latency;
      }
    }
    this.#stride = stride;
    this.#cuts = cuts;
    this.#clogs = clogs;
    this.#latencies = latencies;
  }
}
