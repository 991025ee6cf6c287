/** The interface of the capacity model: a load on one side, a design of a store on the other, a world of processors below. */
import type { Kernel } from '../kernel/kernel.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import type { Machine } from './processor.ts';

export interface CapacityWorld {
  kernel: Kernel;
  random: RandomStream;
  /** Cores that all processes share; null: each has what its limit allows. */
  machine: Machine | null;
}

export interface StoreRequest {
  /** Number of the sharder whose connection the user holds. */
  sharder: number;
  key: number;
  isWrite: boolean;
  /** Called once with the answer; false: turned away. */
  done(isServed: boolean): void;
}

export interface StoreModel {
  /** A request arrives at a sharder; `done` is called when the sharder has sent the answer. */
  request(request: StoreRequest): void;
  /** Processor time so far, in us. */
  used(): { shardersUs: number; membersUs: number };
  /** Transactions and operations in them so far. */
  batches(): { reads: BatchCount; writes: BatchCount };
}

export interface BatchCount {
  transactions: number;
  operations: number;
}
