/**
 * Everything that happens in a world, as its trace tells it: the events of the production parts, of the parts that the
 * simulator adds, of faults, of clients and of the operator. A reader of a trace narrows an event by its name.
 */
import type { MoverEvent, PhaseEntered } from '../../../cluster/resharding/mover-event.ts';
import type { CoreEvent } from '../../../sharder/core/core-event.ts';
import type { SlotState } from '../../../sharder/core/fence.ts';
import type { EtcdClientEvent } from '../../../sharder/etcd/client/client-event.ts';
import type { MemberEvent } from '../../etcd/member-parts.ts';
import type { ProcessEvent, SimProcess } from '../../host/process.ts';
import type { MembershipChange } from '../../raft/membership.ts';
import type { TraceLine, TraceObserver } from '../../kernel/tracer.ts';
import { type FaultKind, strikablePhases } from '../scenario/scenario.ts';

export type SimEvent =
  | CoreEvent
  | EtcdClientEvent
  | MoverEvent
  | ProcessEvent
  | MemberEvent
  | FaultEvent
  | ClientEvent
  | OperatorEvent
  | RecordEvent;

/** A fault strikes, or ends; or all faults end. `target`: the struck, in words. */
type FaultEvent =
  | { name: `fault.${FaultKind}`; target: string }
  | { name: `heal.${FaultKind}`; target: string }
  | { name: 'heal.all' };

/** A client's request, or what it has learned; `what` says it in words. */
export interface ClientEvent {
  name: 'client.asks' | 'client.learns';
  what: string;
}

/** `member` is the name of one that got its vote, or has left, or that this step brings closer to either. */
type OperatorEvent =
  | { name: 'shard.removed'; shard: number }
  | { name: 'member.joined' | 'member.left'; member: string }
  | { name: 'member.step'; step: MembershipChange['kind'] | 'start'; member: string; node: number };

/** The records of a run, as the first member of a shard applies them. Told, and not hashed: the writes are hashed. */
export type RecordEvent =
  | SlotsChanged
  | {
      name: 'view.move_added' | 'view.abort_asked' | 'view.move_published' | 'view.move_gone';
      move: string;
      epoch: number;
    };

/** Slots of a shard take the same step. `slots`: as runs, "0-511, 600". `epoch` and `move`: those of `to`, if it has them. */
export interface SlotsChanged {
  name: 'slots.changed';
  slots: string;
  from: SlotState['kind'] | 'nothing';
  to: SlotState['kind'] | 'nothing';
  epoch: number | null;
  move: string | null;
}

export type SimTraceLine = TraceLine<SimEvent>;
export type SimTraceObserver = TraceObserver<SimEvent>;
/** A process in which any program may run. */
export type WorldProcess = SimProcess<SimEvent>;

const phaseNames: ReadonlySet<string> = new Set(strikablePhases.map((phase) => `move.${phase}`));

/** Whether a mover begins a phase of a move. */
export function isPhaseEntered(event: SimEvent): event is PhaseEntered {
  return phaseNames.has(event.name);
}
