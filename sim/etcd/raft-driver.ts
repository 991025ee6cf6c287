/**
 * Drives one Raft node with the simulator's clock, network and disk, as etcd's raft loop does: one write is under way at a
 * time, promises go out after it, committed entries are applied in order. The driver owns the node across crashes: a
 * restarted node knows only what its disk has kept.
 */
import type { Disk } from '../host/disk.ts';
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { Network } from '../network/network.ts';
import type { CrashKind } from '../host/process.ts';
import { messageKindNumbers, type Entry, type Message } from '../raft/message.ts';
import { RaftNode, type Ready } from '../raft/node.ts';
import { RaftPanic } from '../raft/panic.ts';
import type { RaftOptions, ReadState } from '../raft/state.ts';
import type { MemberProcess } from './member-parts.ts';
import { DurableLog } from './durable-log.ts';
import type { SimBugs } from './sim-bugs.ts';

/** After a panic that a negative control has caused, the member restarts after this long, as under a supervisor. */
const panicRestartUs = 1_000_000;

/** What the member hears from its driver: always inside an event, never while the node is in the middle of a step. */
export interface RaftListener {
  onApply(entry: Entry): void;
  /** A snapshot has come: the state after these entries, as a whole. */
  onSnapshot(entries: readonly Entry[]): void;
  onReadState(read: ReadState): void;
  /** The leader, or this node's own role, has changed. */
  onLeadership(change: { isLeader: boolean; leader: number; leaderBefore: number }): void;
}

export interface RaftDriverParts {
  process: MemberProcess;
  network: Network;
  disk: Disk;
  options: Omit<RaftOptions, 'random' | 'bugs'>;
  bugs: SimBugs;
  listener: RaftListener;
}

export class RaftDriver {
  node: RaftNode;
  /** By node number - 1, the driver of each node that the cluster has or had; the cluster sets it. */
  peers: readonly RaftDriver[] = [];
  /**
   * Called right after this node has sent its vote to a candidate, from an event of its own: a good moment for a fault.
   * A listener changes nothing in a run but the numbering of its events.
   */
  readonly onVoteSent: (() => void)[] = [];
  readonly process: MemberProcess;
  readonly #network: Network;
  readonly #disk: Disk;
  #options: RaftOptions;
  readonly #bugs: SimBugs;
  readonly #listener: RaftListener;
  #durable = new DurableLog();
  #timer: ScheduledEvent | null = null;
  #isWriting = false;
  #isPumping = false;
  #wasLeader = false;
  #leaderBefore = 0;
  /** Time spent paused: a node that did not run did not count ticks either. */
  #pausedUs = 0;
  #pausedSinceUs = 0;

  constructor(parts: RaftDriverParts) {
    const { process, bugs } = parts;
    this.process = process;
    this.#network = parts.network;
    this.#disk = parts.disk;
    this.#bugs = bugs;
    this.#listener = parts.listener;
    this.#options = {
      ...parts.options,
      random: process.random.fork('raft'),
      bugs,
    };
    this.node = new RaftNode(this.#options);
    this.#pausedUs = process.kernel.nowUs;
    process.onCrash.push((kind) => this.#stop(kind));
    process.onRestart.push(() => this.#start());
    process.onPause.push(() => (this.#pausedSinceUs = process.kernel.nowUs));
    process.onResume.push(() => (this.#pausedUs += process.kernel.nowUs - this.#pausedSinceUs));
    this.#armTimer();
  }

  /** The time of this node: it stands still while the process is paused. */
  get nowUs(): number {
    return this.process.kernel.nowUs - this.#pausedUs;
  }

  get isLeader(): boolean {
    return this.node.state.role === 'leader';
  }

  /** The disk is empty now. Only while the process is down; `node`: the node that starts on it, a new one or the old. */
  loseDisk(node: number): void {
    this.#durable = new DurableLog();
    this.#options = { ...this.#options, id: node };
  }

  /** Makes this node campaign soon, as the first of its cluster. Only before the run. */
  campaignWithin(limitUs: number): void {
    this.node.state.electionDueUs = this.nowUs + this.#options.random.nextBelow(limitUs);
    this.#armTimer();
  }

  /** @returns false when the payload was dropped because no leader is known. */
  propose(payload: unknown): boolean {
    const isTaken = this.node.propose(this.nowUs, payload);
    this.#pump();
    return isTaken;
  }

  /** Asks for a linearizable read; `onReadState` follows unless something is lost. */
  read(context: number): void {
    this.node.read(this.nowUs, context);
    this.#pump();
  }

  /** At the host of this node. */
  readonly arrive = (message: Message): void => {
    this.process.accept(this.#step, message);
  };

  readonly #step = (message: Message): void => {
    // The message was meant for the node that this one has replaced.
    if (message.to !== this.#options.id) return;
    try {
      this.node.step(this.nowUs, message);
    } catch (error) {
      this.#endAfter(error);
    }
    this.#pump();
  };

  readonly #tick = (): void => {
    this.#timer = null;
    if (this.nowUs >= this.node.dueUs) {
      this.node.tick(this.nowUs);
      this.#pump();
    } else this.#armTimer();
  };

  /** Does everything that is ready, until it must wait for the disk or nothing is left. */
  #pump(): void {
    // The listener may call this again: the outer call then does the work.
    if (this.#isPumping || this.process.state !== 'running') return;
    this.#isPumping = true;
    for (;;) {
      const snapshot = this.node.takeSnapshot();
      if (snapshot !== null) this.#listener.onSnapshot(snapshot);
      const entry = this.node.nextToApply();
      if (entry !== null) {
        this.#listener.onApply(entry);
        continue;
      }
      if (this.#isWriting) break;
      const ready = this.node.takeReady();
      if (ready === null) break;
      this.#carryOut(ready);
    }
    this.#isPumping = false;
    this.#noteLeadership();
    this.#armTimer();
  }

  #carryOut(ready: Ready): void {
    this.#send(ready.earlyMessages);
    for (const read of ready.readStates) this.#listener.onReadState(read);
    if (ready.hardState === null) {
      this.#send(ready.messages);
      return;
    }
    const { hardState, entries } = ready;
    const last = entries.at(-1);
    const finish = (): void => {
      this.#isWriting = false;
      this.#send(ready.messages);
      if (last !== undefined) this.node.persisted(this.nowUs, last.index, last.term);
    };
    if (this.#bugs.ackBeforeFsync) {
      this.#disk.sync(this.#durable.write(hardState, entries, () => undefined));
      finish();
      return;
    }
    this.#isWriting = true;
    const { incarnation } = this.process;
    const onSynced = (): void => {
      if (incarnation !== this.process.incarnation) return;
      finish();
      this.#pump();
    };
    const accept = (): void => this.process.accept(onSynced, undefined);
    this.#disk.sync(this.#durable.write(hardState, entries, accept));
  }

  #send(messages: readonly Message[]): void {
    const from = this.process.index;
    for (const message of messages) {
      const peer = this.peers[message.to - 1]!;
      const tag = messageKindNumbers[message.kind] + 32 * (message.term + 64 * message.index);
      // A forwarded proposal must not be applied twice; etcd's peers speak over TCP.
      const mayRepeat = message.kind !== 'propose';
      this.#network.sendDatagram(from, peer.process.index, { tag, mayRepeat }, peer.arrive, message);
      if (message.kind === 'vote_response' && !message.reject) this.#noteVote();
    }
  }

  #noteVote(): void {
    const { kernel } = this.process;
    for (const listener of this.onVoteSent) kernel.schedule(kernel.nowUs, listener, undefined);
  }

  #noteLeadership(): void {
    const { isLeader } = this;
    const { leader, term } = this.node.state;
    if (isLeader === this.#wasLeader && leader === this.#leaderBefore) return;
    const leaderBefore = this.#leaderBefore;
    if (isLeader && !this.#wasLeader) this.process.trace.emit({ name: 'raft.leader', term });
    this.#wasLeader = isLeader;
    this.#leaderBefore = leader;
    this.#listener.onLeadership({ isLeader, leader, leaderBefore });
  }

  /** One timer for the work that is due first; when that moves back, the timer fires in vain and is set again. */
  #armTimer(): void {
    const atUs = this.node.dueUs + this.#pausedUs;
    const timer = this.#timer;
    if (timer !== null) {
      if (timer.atUs <= atUs) return;
      timer.cancel();
    }
    this.#timer = this.process.kernel.schedule(atUs, this.#fire, undefined);
  }

  readonly #fire = (): void => this.process.accept(this.#tick, undefined);

  #stop(kind: CrashKind): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#isWriting = false;
    this.#wasLeader = false;
    this.#leaderBefore = 0;
    this.#disk.crash(kind);
  }

  #start(): void {
    const { hardState, entries } = this.#durable;
    const vote = this.#bugs.forgetVoteOnRestart ? 0 : hardState.vote;
    // With a negative control the stored commit index may be wrong; the node learns it again from the leader.
    const commit = this.#hasBugs() ? 0 : hardState.commit;
    this.#pausedUs = this.process.kernel.nowUs;
    this.node = new RaftNode(this.#options, { hardState: { ...hardState, vote, commit }, entries });
    this.#pump();
  }

  #hasBugs(): boolean {
    const { ackBeforeFsync, forgetVoteOnRestart, rejoinsWithoutDisk, learnersCount } = this.#bugs;
    return ackBeforeFsync || forgetVoteOnRestart || rejoinsWithoutDisk || learnersCount;
  }

  /** A broken promise of Raft is an error of the simulator, unless a negative control has asked for it. */
  #endAfter(error: unknown): void {
    if (!(error instanceof RaftPanic) || !this.#hasBugs()) throw error;
    const { process } = this;
    process.trace.emit({ name: 'raft.panic', message: error.message });
    process.crash('kill');
    process.kernel.schedule(process.kernel.nowUs + panicRestartUs, restartProcess, process);
  }
}

function restartProcess(process: MemberProcess): void {
  process.restart();
}
