/**
 * One simulated etcd member: a process with a Raft node, a disk, a state machine and the part of the v3 API that Vase
 * speaks. Linearizable reads go through ReadIndex, writes through the log. When something breaks, a client learns what a
 * client of etcd may learn. Faults strike its process (`crash`, `restart`, `pause`, `resume`) and its disk.
 */
import type { EtcdEvent, EtcdRequest, ReplyHeader, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import { ConnectionPool } from '../network/connection-pool.ts';
import type { Disk } from '../host/disk.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { CrashKind } from '../host/process.ts';
import { MembershipChange } from '../raft/membership.ts';
import type { Entry } from '../raft/message.ts';
import type { TraceHash } from '../kernel/trace-hash.ts';
import { UnaryCaller, UnaryServer, type UnaryCall } from '../network/unary.ts';
import { LeaseKeeper, type LeaseQuestion } from './lease-keeper.ts';
import {
  type Joining,
  memberIdOf,
  type MemberParts,
  type MemberSettings,
  type MemberProcess,
  nodesMax,
  readyShare,
} from './member-parts.ts';
import { OddAnswers } from './odd-answers.ts';
import { changesIn, type Payload, type Proposal, requestsIn } from './proposal.ts';
import { ProposalTable, proposalDropped, type EtcdCall } from './proposal-table.ts';
import { RaftDriver } from './raft-driver.ts';
import { ReadBatcher } from './read-batcher.ts';
import { noSpace, refusals, type Refusal } from './refusal.ts';
import { releases } from './release.ts';
import { checkRequest, isForLearners } from './request-check.ts';
import { mixRequest, requestSizeBytes } from './request-size.ts';
import { StateMachine, type LoggedRequest } from './state-machine.ts';
import { isReadOnly, isSerializable } from './txn.ts';
import type { WatchOutlet } from './watch-hub.ts';
import { WatchLoops } from './watch-loops.ts';

export class SimMember {
  /** Node number in its cluster; it gets another one after it has lost its disk. */
  node: number;
  readonly process: MemberProcess;
  /** As in the headers of its answers. */
  memberId: string;
  readonly disk: Disk;
  readonly raft: RaftDriver;
  /** The odd answers that it gives to clients now and then. */
  readonly oddAnswers: OddAnswers;
  /** Where clients connect. */
  readonly server: UnaryServer<EtcdRequest, RpcResult>;
  /** Where other members ask this one about leases. */
  readonly peerServer: UnaryServer<LeaseQuestion, RpcResult>;
  /** By number - 1, the member that has the node number, or had it; the cluster sets it. */
  peers: readonly SimMember[] = [];
  /** Set while it is about to get its vote, or to leave; null: neither. */
  join: Joining | null = null;
  /** Sees each revision that this member applies, again after a restart: for invariants, which may look without asking. */
  onChanges: ((changes: readonly EtcdEvent[]) => void) | null = null;
  readonly #settings: MemberSettings;
  readonly #hash: TraceHash;
  readonly #counters: FaultCounters;
  readonly #proposals: ProposalTable;
  readonly #reads: ReadBatcher;
  readonly #leases: LeaseKeeper;
  readonly #watchLoops: WatchLoops;
  #machine: StateMachine;
  #proposalCount = 0;

  constructor(parts: MemberParts) {
    const { process, settings, network, counters } = parts;
    this.node = parts.node;
    this.process = process;
    this.disk = parts.disk;
    this.#settings = settings;
    this.#hash = parts.hash;
    this.#counters = counters;
    this.oddAnswers = new OddAnswers(process, counters);
    this.memberId = memberIdOf(process.index);
    this.#machine = this.#newMachine();
    this.raft = new RaftDriver({
      process,
      network,
      disk: parts.disk,
      bugs: settings.bugs,
      options: {
        id: parts.node,
        voters: settings.voters,
        heartbeatUs: settings.heartbeatMs * 1000,
        electionUs: settings.electionMs * 1000,
        preVote: settings.preVote,
        keptEntries: settings.keptEntries,
      },
      listener: {
        onApply: (entry) => this.#apply(entry),
        onSnapshot: (entries) => this.#restore(entries),
        onReadState: (read) => this.#reads.onReadState(read),
        onLeadership: (change) => this.#changeLeadership(change),
      },
    });
    // etcd's ReqTimeout: five seconds and two elections.
    const timeoutUs = 5_000_000 + 2 * settings.electionMs * 1000;
    this.#proposals = new ProposalTable(process, timeoutUs);
    this.#reads = new ReadBatcher(this.raft, timeoutUs, (call) => this.#serveRead(call));
    this.#leases = new LeaseKeeper({
      raft: this.raft,
      caller: new UnaryCaller(new ConnectionPool(process, network, counters)),
      timeoutUs,
      lessor: () => this.#machine.lessor,
      header: () => this.#header(this.#machine.store.revision),
      peerServer: (node) => this.peers[node - 1]!.peerServer,
      revoke: (id) => this.#propose({ kind: 'lease_revoke', id }, null),
    });
    const isSynchronous = true;
    const answerLease = (call: UnaryCall<LeaseQuestion, RpcResult>) =>
      call.answer(this.#leases.answer(call.request));
    this.server = new UnaryServer(process, (call) => this.#handle(call), { isSynchronous });
    this.peerServer = new UnaryServer(process, answerLease, { isSynchronous });
    process.onCrash.push(() => (this.#machine = this.#newMachine()));
    const progressMs = settings.watchProgressMs;
    this.#watchLoops = new WatchLoops({ process, progressMs, machine: () => this.#machine });
  }

  get isLeader(): boolean {
    return this.process.state !== 'down' && this.raft.isLeader;
  }

  /** The Raft term as this member knows it. */
  get term(): number {
    return this.raft.node.state.term;
  }

  /** What this member has applied: for invariants, which may look without asking. */
  get machine(): StateMachine {
    return this.#machine;
  }

  // With the negative control it may start at once, under its old number.
  /** The disk is gone, with everything on it. The member starts again only as another node: see `startAnew`. */
  loseDisk(): void {
    this.process.crash('power');
    this.process.isBarred = !this.#settings.bugs.rejoinsWithoutDisk;
    this.raft.loseDisk(this.node);
  }

  /** Starts on an empty disk as a node that its cluster has added. */
  startAnew(node: number): void {
    this.node = node;
    this.memberId = memberIdOf(this.process.index, node);
    this.raft.loseDisk(node);
    this.process.isBarred = false;
    this.process.restart();
  }

  /** Asks the leader for a change of membership; the request may get lost, or be refused. */
  changeMembership(change: MembershipChange): void {
    this.process.accept(() => {
      if (change.kind === 'promote' && !this.#isReady(change.node)) return;
      this.raft.propose(change);
    }, undefined);
  }

  crash(kind: CrashKind = 'kill'): void {
    this.process.crash(kind);
  }

  restart(): void {
    this.process.restart();
  }

  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  /** The leader gives its shard another quota, or none: `bytes` are left from then on. The request may get lost. */
  setRoom(bytes: number | null): void {
    this.process.accept(() => this.#propose({ kind: 'set_room', bytes }, null), undefined);
  }

  /** A client has opened a watch; runs in this process. */
  openWatch(request: WatchRequest, outlet: WatchOutlet): void {
    if (this.#isLearner) outlet.broken();
    else this.#machine.watches.add(request, outlet);
  }

  /** Whether it has no vote as far as it knows: it has just been added, or knows nothing yet. */
  get #isLearner(): boolean {
    return !this.raft.node.state.membership.isVoter(this.node);
  }

  /** etcd's isLearnerReady. */
  #isReady(node: number): boolean {
    const { progress, log } = this.raft.node.state;
    return (
      this.#settings.bugs.promotesAtOnce || (progress[node - 1]?.matched ?? 0) >= readyShare * log.lastIndex
    );
  }

  /** A member that has left stops, as in etcd. */
  #noteChange({ kind, node }: MembershipChange): void {
    if (kind !== 'remove' || node !== this.node) return;
    const { kernel } = this.process;
    kernel.schedule(kernel.nowUs, () => this.process.retire(), undefined);
  }

  #handle(received: EtcdCall): void {
    const { request } = received;
    mixRequest(this.#hash, request);
    const call = this.oddAnswers.receive(received);
    if (call === null) return;
    const refusal = this.#refusalOf(request);
    if (refusal !== null) {
      call.answer(refusal);
      return;
    }
    switch (request.kind) {
      case 'range':
        if (request.serializable) this.#serveRead(call);
        else this.#reads.add(call);
        break;
      case 'txn':
        if (!isReadOnly(request)) this.#propose(request, call);
        else if (isSerializable(request)) this.#serveRead(call);
        else this.#reads.add(call);
        break;
      case 'put':
      case 'delete_range':
      case 'compact':
      case 'lease_grant':
      case 'lease_revoke':
        this.#propose(request, call);
        break;
      case 'lease_keep_alive':
      case 'lease_time_to_live':
        this.#leases.handle(request, call);
        break;
      case 'status':
        call.answer(this.#status());
    }
  }

  #refusalOf(request: EtcdRequest): Refusal | typeof noSpace | null {
    if (this.#isLearner && !isForLearners(request)) return refusals.learner;
    if (this.#machine.room.refuses(request)) return noSpace;
    return checkRequest(request, this.#settings.maxTxnOps);
  }

  /** @param call the request that waits for the answer; null when none does. */
  #propose(request: LoggedRequest, call: EtcdCall | null): void {
    if (request.kind !== 'set_room' && requestSizeBytes(request) > this.#settings.maxRequestBytes) {
      call?.answer(refusals.requestTooLarge);
      return;
    }
    // The counter goes on across restarts: an old entry is never taken for a new one.
    const id = ++this.#proposalCount * nodesMax + this.node;
    if (call !== null) this.#proposals.add(id, call);
    const proposal: Proposal = { id, request };
    if (!this.raft.propose(proposal)) this.#proposals.take(id)?.answer(proposalDropped);
  }

  #apply(entry: Entry): void {
    const proposal = entry.payload as Payload;
    if (proposal === null) {
      if (entry.term === this.term) this.#reads.onFirstCommit();
    } else if (proposal instanceof MembershipChange) this.#noteChange(proposal);
    else {
      const call = this.#proposals.take(proposal.id);
      const answer = this.#machine.apply(proposal.request, call === undefined ? null : this.#header);
      if (call !== undefined && answer !== null) {
        this.#hash.mix(this.#machine.store.revision);
        call.answer(answer);
      }
      if (proposal.request.kind === 'lease_grant') this.#leases.watchExpiry();
    }
    this.#reads.onApplied();
  }

  /** As in etcd, a caller that waits here for one of these writes gets no answer, and watches go on after the last event they heard. */
  #restore(entries: readonly Entry[]): void {
    this.#counters.snapshots++;
    for (const change of changesIn(entries)) this.#noteChange(change);
    this.#machine.restore(requestsIn(entries));
    this.#hash.mix(this.#machine.store.revision);
    this.#reads.onApplied();
  }

  #serveRead(call: EtcdCall): void {
    const { request } = call;
    if (request.kind !== 'range' && request.kind !== 'txn') throw new Error('member: not a read');
    this.#hash.mix(this.#machine.store.revision);
    call.answer(this.#machine.read(request, this.#header));
  }

  #changeLeadership(change: { isLeader: boolean; leader: number; leaderBefore: number }): void {
    const { lessor } = this.#machine;
    if (change.isLeader) {
      this.#counters.elections++;
      lessor.promote(() => this.raft.nowUs, this.#settings.electionMs * 1000);
      this.#leases.watchExpiry();
    } else lessor.demote();
    if (change.leader !== 0 && change.leader !== change.leaderBefore) this.#reads.onLeaderChanged();
  }

  #status(): RpcResult {
    const { store, room, release } = this.#machine;
    const { leader, term, log } = this.raft.node.state;
    return {
      kind: 'reply',
      reply: {
        kind: 'status',
        header: this.#header(store.revision),
        version: release.version,
        dbSizeBytes: room.sizeBytes,
        dbSizeInUseBytes: room.inUseBytes,
        quotaBytes: release.saysQuota ? (room.quotaBytes ?? 0) : 0,
        leaderId: leader === 0 ? '0' : this.peers[leader - 1]!.memberId,
        raftIndex: log.committed,
        raftTerm: term,
        isLearner: false,
      },
    };
  }

  /** How much later than its answers this member sends the events of its watches. */
  get watchLagUs(): number {
    return this.#settings.watchLagMs * 1000;
  }

  readonly #header = (revision: number): ReplyHeader => ({
    memberId: this.memberId,
    revision,
    raftTerm: this.term,
  });

  #newMachine(): StateMachine {
    const machine: StateMachine = new StateMachine({
      release: releases[this.#settings.release],
      electionMs: this.#settings.electionMs,
      quotaBytes: this.#settings.quotaBytes,
      requestSync: () => this.#watchLoops.requestSync(machine),
      onChanges: (changes) => this.onChanges?.(changes),
    });
    return machine;
  }
}
