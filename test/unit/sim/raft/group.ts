/** Raft nodes driven by hand: every message is in the mail until a test delivers or drops it; disks are instant. */
import { noBugs } from '../../../../sim/etcd/sim-bugs.ts';
import { RandomStream } from '../../../../sim/kernel/random-stream.ts';
import type { Message } from '../../../../sim/raft/message.ts';
import { RaftNode } from '../../../../sim/raft/node.ts';
import type { ReadState } from '../../../../sim/raft/state.ts';

export class Group {
  readonly nodes: RaftNode[];
  readonly reads: { node: number; read: ReadState }[] = [];
  mail: Message[] = [];
  /** Called after each step of a node. */
  onStep: (node: RaftNode) => void = () => undefined;
  #nowUs = 0;

  /** @param options.more nodes that belong to nothing until they are added. */
  constructor(voters: 1 | 3 | 5, options: { preVote?: boolean; more?: number; keptEntries?: number } = {}) {
    this.nodes = Array.from(
      { length: voters + (options.more ?? 0) },
      (_, at) =>
        new RaftNode({
          id: at + 1,
          voters,
          heartbeatUs: 100,
          electionUs: 1_000,
          preVote: options.preVote ?? false,
          keptEntries: options.keptEntries ?? Infinity,
          bugs: noBugs,
          random: new RandomStream(1, `node ${at}`),
        }),
    );
  }

  node(id: number): RaftNode {
    return this.nodes[id - 1]!;
  }

  /** Lets so much time pass that nobody remembers a leader, and makes the node campaign. */
  campaign(id: number): void {
    this.#nowUs += 10_000;
    const node = this.node(id);
    node.state.electionDueUs = this.#nowUs;
    node.tick(this.#nowUs);
    this.#collect(node);
  }

  /** Makes a leader send heartbeats, whose answers restart whoever has missed something. */
  heartbeat(id: number): void {
    const node = this.node(id);
    this.#nowUs += 100;
    node.tick(this.#nowUs);
    this.#collect(node);
  }

  propose(id: number, payload: unknown): void {
    this.node(id).propose(this.#nowUs, payload);
    this.#collect(this.node(id));
  }

  read(id: number, context: number): void {
    this.node(id).read(this.#nowUs, context);
    this.#collect(this.node(id));
  }

  /** Delivers the mail that is allowed, and what it leads to; drops the rest. */
  deliver(isAllowed: (message: Message) => boolean = () => true, messagesMax = 10_000): void {
    for (let count = 0; this.mail.length > 0; count++) {
      if (count > messagesMax) throw new Error(`more than ${messagesMax} messages`);
      const message = this.mail.shift()!;
      if (!isAllowed(message)) continue;
      const node = this.node(message.to);
      node.step(this.#nowUs, message);
      this.#collect(node);
    }
  }

  /** Delivers what only these nodes say to each other. */
  deliverAmong(...ids: number[]): void {
    this.deliver((message) => ids.includes(message.from) && ids.includes(message.to));
  }

  #collect(node: RaftNode): void {
    for (let ready = node.takeReady(); ready !== null; ready = node.takeReady()) {
      this.mail.push(...ready.earlyMessages, ...ready.messages);
      for (const read of ready.readStates) this.reads.push({ node: node.state.options.id, read });
      const last = ready.entries.at(-1);
      if (last !== undefined) node.persisted(this.#nowUs, last.index, last.term);
    }
    node.takeSnapshot();
    while (node.nextToApply() !== null);
    this.onStep(node);
  }
}
