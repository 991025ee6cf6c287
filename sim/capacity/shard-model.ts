/**
 * One shard: a leader, its followers, and Raft's loop between them. Writes that come while a log is being synced share the
 * next sync (group commit); a write is answered when a majority has synced it, a batch of reads when a majority has
 * answered the leader's heartbeat. Loops send what they have gathered before they sync, and answer after it, as etcd does.
 */
import type { Profile } from './profile.ts';
import { drawLatencyUs } from '../kernel/latency.ts';
import { DiskModel } from './disk-model.ts';
import { Processor } from './processor.ts';
import type { CapacityCell } from './cell.ts';
import type { CapacityWorld } from './store-model.ts';

interface Transaction {
  isWrite: boolean;
  operations: number;
  done: () => void;
}

/** The messages that one turn of the leader's loop sends, and their answers. */
interface Round {
  writes: Transaction[];
  reads: Transaction[];
  /** The number of transactions: the lists are emptied when they are answered, before the last follower has seen them. */
  writeTransactions: number;
  writtenOperations: number;
  readTransactions: number;
  synced: number;
  heard: number;
}

interface Follower {
  processor: Processor;
  disk: DiskModel;
  waiting: Round[];
  isSyncing: boolean;
}

export class ShardModel {
  readonly #world: CapacityWorld;
  readonly #profile: Profile;
  readonly #leader: Processor;
  readonly #disk: DiskModel;
  readonly #followers: Follower[];
  readonly #majority: number;
  #waiting: Transaction[] = [];
  #isSyncing = false;

  constructor(world: CapacityWorld, profile: Profile, { members, load }: CapacityCell) {
    this.#world = world;
    this.#profile = profile;
    this.#majority = Math.floor(members / 2) + 1;
    const { threads, limitCores } = profile.member;
    const processor = () =>
      new Processor(world.kernel, world.machine, {
        threads,
        limitCores,
        weight: 1,
        periodPhase: world.random.nextFraction(),
      });
    const disk = () => new DiskModel(world, profile, load.valueBytes);
    this.#leader = processor();
    this.#disk = disk();
    this.#followers = Array.from({ length: members - 1 }, () => ({
      processor: processor(),
      disk: disk(),
      waiting: [],
      isSyncing: false,
    }));
  }

  get usedUs(): number {
    return this.#followers.reduce((sum, { processor }) => sum + processor.usedUs, this.#leader.usedUs);
  }

  /** A transaction has arrived at the leader. */
  execute(transaction: Transaction): void {
    const { member } = this.#profile;
    const workUs = transaction.isWrite
      ? member.writeTransactionUs + member.writeUs * transaction.operations
      : member.readTransactionUs + member.readUs * transaction.operations;
    this.#leader.submit(workUs, () => {
      this.#waiting.push(transaction);
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isSyncing || this.#waiting.length === 0) return;
    const writes = this.#waiting.filter(({ isWrite }) => isWrite);
    const reads = this.#waiting.filter(({ isWrite }) => !isWrite);
    this.#waiting = [];
    let writtenOperations = 0;
    for (const { operations } of writes) writtenOperations += operations;
    const round: Round = {
      writes,
      reads,
      writeTransactions: writes.length,
      writtenOperations,
      readTransactions: reads.length,
      synced: 0,
      heard: 1,
    };
    for (const follower of this.#followers) this.#cross(() => this.#receive(follower, round));
    if (writes.length > 0) {
      this.#isSyncing = true;
      this.#disk.sync(writtenOperations, () => {
        this.#isSyncing = false;
        this.#acknowledge(round, { synced: true, heard: false });
        this.#turn();
      });
    }
    this.#acknowledge(round, { synced: false, heard: false });
  }

  #receive(follower: Follower, round: Round): void {
    const { member } = this.#profile;
    const workUs =
      member.followerReadTransactionUs * round.readTransactions +
      member.followerWriteTransactionUs * round.writeTransactions +
      member.followerWriteUs * round.writtenOperations;
    const arrived = () => {
      follower.waiting.push(round);
      this.#turnFollower(follower);
    };
    if (workUs === 0) arrived();
    else follower.processor.submit(workUs, arrived);
  }

  #turnFollower(follower: Follower): void {
    if (follower.isSyncing || follower.waiting.length === 0) return;
    const rounds = follower.waiting;
    follower.waiting = [];
    const answer = () => {
      for (const round of rounds) {
        this.#cross(() => this.#acknowledge(round, { synced: round.writeTransactions > 0, heard: true }));
      }
    };
    if (!rounds.some(({ writeTransactions }) => writeTransactions > 0)) {
      answer();
      return;
    }
    follower.isSyncing = true;
    const operations = rounds.reduce((sum, { writtenOperations }) => sum + writtenOperations, 0);
    follower.disk.sync(operations, () => {
      follower.isSyncing = false;
      answer();
      this.#turnFollower(follower);
    });
  }

  #acknowledge(round: Round, { synced, heard }: { synced: boolean; heard: boolean }): void {
    if (synced) round.synced++;
    if (heard) round.heard++;
    if (round.heard >= this.#majority) for (const { done } of round.reads.splice(0)) done();
    if (round.synced >= this.#majority) for (const { done } of round.writes.splice(0)) done();
  }

  #cross(arrived: () => void): void {
    const { kernel, random } = this.#world;
    kernel.schedule(kernel.nowUs + drawLatencyUs(this.#profile.network.members, random), arrived, undefined);
  }
}
