/** The cluster as a live run sees and strikes it: the watch gets each status, and hears of each strike. */
import type { ClusterStatus, FaultControl, Provider } from '../../cluster/providers/provider.ts';
import { delay } from './delay.ts';
import { ProcessWatch } from './process-watch.ts';

/** The parts of a cluster that striking and healing need. */
export type Strikable = Pick<Provider, 'status' | 'faults'>;

const pollMs = 500;
/** The longest start of a pod: its container waits after a crash, or is made anew. */
const podStartNsMax = 60e9;

export class WatchedCluster implements Strikable {
  readonly watch: ProcessWatch;
  readonly faults: FaultControl;
  private readonly provider: Strikable;

  constructor(provider: Strikable & Pick<Provider, 'kind'>, nowNs: () => number) {
    const isLocal = provider.kind === 'local';
    this.provider = provider;
    this.watch = new ProcessWatch({
      nowNs,
      restartsOfStrike: isLocal ? 0 : 1,
      startNsMax: isLocal ? 0 : podStartNsMax,
    });
    this.faults = watchedFaults(provider.faults, this.watch);
  }

  async status(): Promise<ClusterStatus> {
    const look = this.watch.look();
    const status = await this.provider.status();
    this.watch.see(look, status);
    return status;
  }

  /** Looks again and again until the signal, and once more: no other code may be asking. */
  async lookUntil(signal: AbortSignal): Promise<void> {
    do {
      await delay(pollMs, signal);
      // Code that needs the status gets the same error and reports it.
      await this.status().catch(() => undefined);
    } while (!signal.aborted);
  }
}

/** A pause ends no process: the probes of Kubernetes fail only after longer ones. */
function watchedFaults(faults: FaultControl, watch: ProcessWatch): FaultControl {
  return {
    targets: () => faults.targets(),
    pause: (name) => faults.pause(name),
    resume: (name) => faults.resume(name),
    async kill(name) {
      watch.leaveAlone(name);
      await faults.kill(name);
    },
    async restart(name) {
      watch.leaveAlone(name);
      await faults.restart(name);
      watch.expect(name);
    },
  };
}
