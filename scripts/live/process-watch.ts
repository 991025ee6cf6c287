/**
 * Notices processes of the cluster that end, or are started again, although the run did not strike them. It sees them in
 * statuses, which several callers may ask for at once and which may be stale when they arrive: an end or a start that the run
 * itself caused while a status was on its way is not counted against the process.
 */
import type { ClusterStatus } from '../../cluster/providers/provider.ts';
import type { Finding } from './finding.ts';

/** The first findings are enough for a process that ends again and again. */
const findingsMax = 100;

type Ended = Extract<Finding, { kind: 'process-ended' }>;

export interface WatchOptions {
  /** Nanoseconds since the recorder began. */
  nowNs: () => number;
  /** How often the system may start a process anew because the run struck it: in Kubernetes once, else never. */
  restartsOfStrike: number;
  /** How long a process that the run has started may be missing: in Kubernetes it is made anew. */
  startNsMax: number;
}

/** The moment before a status is asked for. */
export interface Look {
  taken: number;
  touches: number;
}

interface Seen {
  name: string;
  runs: boolean;
  /** Differs between two processes of one name when the system can tell. */
  identity: string;
  restarts: number;
}

interface Known {
  identity: string;
  restarts: number;
  /** When it was last seen running. */
  atNs: number;
  /** Its end, while it is away. */
  ended: Ended | null;
}

export class ProcessWatch {
  readonly findings: Ended[] = [];
  private readonly options: WatchOptions;
  private readonly known = new Map<string, Known>();
  /** By name: the restarts that were counted before the strike, null for a process that was not seen before. */
  private readonly struck = new Map<string, number | null>();
  /** By name: struck before, since then not seen running. */
  private readonly awaited = new Map<string, { sinceNs: number; restarts: number | null }>();
  /** By name: when the run last did something to it, in `touches`. */
  private readonly touched = new Map<string, number>();
  private touches = 0;
  private taken = 0;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  /** Called before the run ends this process, or starts it. */
  leaveAlone(name: string): void {
    this.touch(name);
    if (this.struck.has(name)) return;
    const known = this.known.get(name);
    if (known?.ended) known.ended.untilNs = this.options.nowNs();
    this.struck.set(name, known?.restarts ?? this.awaited.get(name)?.restarts ?? null);
    this.known.delete(name);
    this.awaited.delete(name);
  }

  /** Called when the run has started this process again. */
  expect(name: string): void {
    this.touch(name);
    const restarts = this.struck.get(name) ?? null;
    this.struck.delete(name);
    this.awaited.set(name, { sinceNs: this.options.nowNs(), restarts });
  }

  look(): Look {
    return { taken: this.taken, touches: this.touches };
  }

  /** Ignores a status that was asked for before another one came: it says nothing new. */
  see(look: Look, status: ClusterStatus): void {
    if (look.taken !== this.taken) return;
    this.taken++;
    const processes = processesIn(status);
    const names = new Set(processes.map(({ name }) => name));
    for (const seen of processes)
      if (this.isUntouched(seen.name, look)) this.take(seen, this.options.nowNs());
    for (const [name, known] of this.known) {
      if (names.has(name) || !this.isUntouched(name, look)) continue;
      // The successor has another name: a pod of a Deployment.
      this.end(name, known);
      this.known.delete(name);
    }
  }

  private touch(name: string): void {
    this.touched.set(name, ++this.touches);
  }

  private isUntouched(name: string, { touches }: Look): boolean {
    return !this.struck.has(name) && (this.touched.get(name) ?? 0) <= touches;
  }

  private take(seen: Seen, nowNs: number): void {
    const { name, runs, identity, restarts } = seen;
    const known = this.known.get(name);
    if (known === undefined) return this.meet(seen, nowNs);
    if (!runs) {
      known.ended ??= this.end(name, known);
      return;
    }
    const isAnother = identity !== known.identity || restarts !== known.restarts;
    const ended = known.ended ?? (isAnother ? this.end(name, known) : null);
    if (ended !== null) ended.untilNs = nowNs;
    this.known.set(name, { identity, restarts, atNs: nowNs, ended: null });
  }

  /** A process is seen for the first time, or for the first time since it was struck. */
  private meet({ name, runs, identity, restarts }: Seen, nowNs: number): void {
    const awaited = this.awaited.get(name);
    const met: Known = { identity, restarts, atNs: awaited?.sinceNs ?? nowNs, ended: null };
    if (runs) {
      const before = awaited?.restarts ?? null;
      const isOnceMore = before !== null && restarts > before + this.options.restartsOfStrike;
      if (isOnceMore) this.end(name, met).untilNs = nowNs;
      this.known.set(name, { ...met, atNs: nowNs });
    } else if (awaited !== undefined && nowNs - awaited.sinceNs >= this.options.startNsMax) {
      this.known.set(name, { ...met, ended: this.end(name, met) });
    } else return;
    this.awaited.delete(name);
  }

  private end(name: string, { atNs }: Known): Ended {
    const ended: Ended = { kind: 'process-ended', who: name, fromNs: atNs, untilNs: null };
    if (this.findings.length < findingsMax) this.findings.push(ended);
    return ended;
  }
}

function processesIn({ provider, shards, sharders, viewServers }: ClusterStatus): Seen[] {
  const described = [
    ...shards.flatMap(({ members }) => members.map((member) => ({ ...member, pod: member.name }))),
    ...sharders.map((sharder) => ({ ...sharder, pod: sharder.adminEndpoint })),
    ...viewServers.map((viewServer) => ({ ...viewServer, pod: viewServer.name })),
  ];
  return described.map(({ name, process, pid, restarts, pod }) => ({
    name,
    runs: process !== 'stopped',
    identity: String(pid ?? pod),
    // When pids are known, another pid shows a restart: the count is written a moment later.
    restarts: provider === 'local' ? 0 : restarts.count,
  }));
}
