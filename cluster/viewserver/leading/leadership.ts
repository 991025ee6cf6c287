/** All that runs while this view server is the leader: the moves, the jobs, the autoscaler. It starts and ends as one. */
import type { Logger } from 'pino';
import type { Clock, EtcdRpc, Random, Trace } from '../../../sharder/core/ports.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import type { MoverEvent } from '../../resharding/mover-event.ts';
import type { ShardFleet } from '../../providers/shard-fleet.ts';
import { AutoscalerLoop } from './autoscaler-loop.ts';
import type { ViewServerConfig } from '../home/config.ts';
import type { EventLog } from '../home/event-log.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { LeaderLease } from '../home/leader-lease.ts';
import { ProgressMeter } from '../jobs/progress-meter.ts';
import { Resharder } from '../../resharding/resharder.ts';
import { Room } from '../jobs/room.ts';
import type { ShardCaller } from '../home/shard-caller.ts';
import type { NewestView } from '../home/newest-view.ts';

export interface LeadershipParts {
  config: ViewServerConfig;
  clock: Clock;
  random: Random;
  trace: Trace<MoverEvent>;
  rpc: EtcdRpc;
  fleet: ShardFleet;
  caller: ShardCaller;
  jobs: JobStore;
  view: NewestView;
  events: EventLog;
  lease: LeaderLease;
  logger: Logger;
  home: ShardClient;
}

export class Leadership {
  readonly resharder: Resharder;
  readonly jobs: JobStore;
  readonly fleet: ShardFleet;
  readonly events: EventLog;
  readonly lease: LeaderLease;
  readonly meter: ProgressMeter;
  readonly autoscaler: AutoscalerLoop;
  readonly room: Room;
  private readonly end = new AbortController();
  private readonly parts: LeadershipParts;

  /** Starts all of it. */
  constructor(parts: LeadershipParts) {
    const { config, clock, random, trace, rpc } = parts;
    this.parts = parts;
    this.jobs = parts.jobs;
    this.fleet = parts.fleet;
    this.events = parts.events;
    this.lease = parts.lease;
    this.room = new Room(parts);
    this.resharder = new Resharder({
      clock,
      random,
      trace,
      rpc,
      home: parts.view.current?.shards[0]?.endpoints ?? config.home,
      settings: config.moves,
      fillOf: (shard) => this.room.fillOf(shard),
    });
    this.meter = new ProgressMeter({ clock, readMoves: () => this.resharder.progress() });
    this.autoscaler = new AutoscalerLoop({
      ...parts,
      room: this.room,
      settings: config.autoscaling,
      sharderCores: config.sharderCores,
    });
    this.start();
  }

  /** Aborts when this view server is no longer the leader. */
  get ended(): AbortSignal {
    return this.end.signal;
  }

  /** The home shard's id: the view's first. */
  get home(): number {
    return this.parts.view.current?.shards[0]?.id ?? 1;
  }

  /** On the clock of the moves' progress. */
  get nowMs(): number {
    return this.parts.clock.nowMs();
  }

  /** Work under way stays as it is in the records, for the next leader. */
  stop(): void {
    this.end.abort(new Error('this view server does not lead any more'));
    this.resharder.stop();
    this.meter.stop();
  }

  private start(): void {
    const signal = this.ended;
    const { view, logger } = this.parts;
    const runner = new JobRunner({ ...this.parts, resharder: this.resharder, room: this.room });
    if (view.current !== null) this.meter.learn(view.current);
    const stop = view.subscribe((newer) => this.meter.learn(newer));
    signal.addEventListener('abort', stop);
    const parts = {
      moves: this.resharder.run(),
      jobs: runner.run(signal),
      autoscaler: this.autoscaler.run(signal),
    };
    for (const [name, part] of Object.entries(parts))
      part.catch((error: unknown) => {
        // Only a programmer's error ends a part: the next leader, or a restart, begins anew.
        logger.fatal({ err: error, part: name }, 'a part of the view server failed');
        process.exit(1);
      });
  }
}
