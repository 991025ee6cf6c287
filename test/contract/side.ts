/**
 * One of the two etcds that the contract compares: the real one, or a simulated member in virtual time. Both are spoken to
 * through the EtcdRpc port; what differs is how to wait.
 */
import type { EtcdEvent, EtcdRequest, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import type { Cancel, EtcdRpc, RpcResult, WatchEnd } from '../../sharder/core/ports.ts';
import type { ReleaseName } from '../../sim/etcd/release.ts';
import { World } from '../../sim/run/world/world.ts';

const deadlineMs = 10_000;
/** Each waits half a second for a connection. */
const attemptsMax = 20;

/** What a watch has delivered so far. */
export interface RecordedWatch {
  createdRevision: number | null;
  /** One element for each call of `onEvents` that carried events. */
  batches: (readonly EtcdEvent[])[];
  /** How often it was told of progress. */
  progressCount: number;
  end: WatchEnd | null;
  cancel: Cancel;
  /** Resolves once the watch has ended, or has delivered an event of this revision or a later one. */
  reached(revision: number): Promise<void>;
  /** Resolves once the watch has ended, or was told of progress so often. */
  progressed(count: number): Promise<void>;
}

export class Side {
  readonly name: string;
  readonly #rpc: EtcdRpc;
  readonly #endpoint: string;
  /** Makes time pass until the promise settles. */
  readonly #wait: <Value>(promise: Promise<Value>) => Promise<Value>;

  constructor(
    name: string,
    parts: {
      rpc: EtcdRpc;
      endpoint: string;
      wait: <Value>(promise: Promise<Value>) => Promise<Value>;
    },
  ) {
    this.name = name;
    this.#rpc = parts.rpc;
    this.#endpoint = parts.endpoint;
    this.#wait = parts.wait;
  }

  /** Asks again what was not sent: a busy machine connects late. */
  async call(request: EtcdRequest): Promise<RpcResult> {
    for (let attempt = 1; ; attempt++) {
      const result = await this.#wait(this.#rpc.call(this.#endpoint, request, { deadlineMs }));
      if (result.kind !== 'not_sent' || attempt === attemptsMax) return result;
    }
  }

  /** Opens a watch and waits until the member has accepted or ended it. */
  async watch(request: WatchRequest): Promise<RecordedWatch> {
    const { promise: opened, resolve: noteOpened } = Promise.withResolvers<void>();
    let noteChange: () => void = () => undefined;
    const until = (isSo: () => boolean): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      noteChange = () => {
        if (watch.end !== null || isSo()) resolve();
      };
      noteChange();
      return this.#wait(promise);
    };
    const watch: RecordedWatch = {
      createdRevision: null,
      batches: [],
      progressCount: 0,
      end: null,
      cancel: () => undefined,
      reached: (revision) => until(() => (watch.batches.at(-1)?.at(-1)?.kv.modRevision ?? 0) >= revision),
      progressed: (count) => until(() => watch.progressCount >= count),
    };
    watch.cancel = this.#rpc.watch(this.#endpoint, request, {
      onCreated: (revision) => {
        watch.createdRevision = revision;
        noteOpened();
      },
      onEvents: (events) => {
        if (events.length > 0) watch.batches.push(events);
        else watch.progressCount++;
        noteChange();
      },
      onEnd: (end) => {
        watch.end = end;
        noteOpened();
        noteChange();
      },
    });
    await this.#wait(opened);
    return watch;
  }
}

/** A real member. */
export function realSide(rpc: EtcdRpc, endpoint: string): Side {
  return new Side('etcd', {
    rpc,
    endpoint,
    wait: async (promise) => {
      let timer: NodeJS.Timeout | undefined;
      const tooLate = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('etcd: no answer within 20 s')), 2 * deadlineMs);
      });
      try {
        return await Promise.race([promise, tooLate]);
      } finally {
        clearTimeout(timer);
      }
    },
  });
}

/**
 * A simulated cluster of one member; its time passes only while it is asked something.
 * @param options.roomBytes what its quota leaves from its first leader on.
 */
export function simulatedSide(options: {
  release: ReleaseName;
  maxTxnOps: number;
  maxRequestBytes: number;
  watchProgressMs?: number;
  roomBytes?: number;
}): Side {
  const world = new World({ seed: 1 });
  const cluster = world.addCluster({ name: 'shard', members: 1, disk: 'nvme', ...options });
  const { kernel } = world;
  const limitRoom = (bytes: number): void => {
    const leader = cluster.leader();
    if (leader === null) kernel.schedule(kernel.nowUs + 1000, limitRoom, bytes);
    else leader.setRoom(bytes);
  };
  if (options.roomBytes !== undefined) limitRoom(options.roomBytes);
  return new Side('simulated', {
    rpc: world.etcdRpc(world.addProcess('client')),
    endpoint: cluster.endpoints[0]!,
    // Not `world.run`: the guard would catch the gRPC client of the other side at its own business.
    wait: async (promise) => {
      let isOver = false;
      const end = (): void => {
        isOver = true;
        kernel.stop();
      };
      promise.then(end, end);
      await kernel.run({ untilUs: kernel.nowUs + 2_000 * deadlineMs });
      if (!isOver) throw new Error('simulated: no answer within 20 virtual seconds');
      return promise;
    },
  });
}
