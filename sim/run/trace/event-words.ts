/** An event in words: a sentence about the process that emitted it, without its subject. */
import type { MovePhase } from '../../../cluster/resharding/plan/move-plan.ts';
import type { MoveEvent, PhaseEntered } from '../../../cluster/resharding/mover-event.ts';
import { isPhaseEntered, type RecordEvent, type SimEvent, type SlotsChanged } from './sim-event.ts';

export function wordsOf(event: SimEvent): string {
  if (isPhaseEntered(event)) return wordsOfPhase(event);
  switch (event.name) {
    case 'fence.changed':
      return event.revision === -1
        ? `forgets the fence record of shard ${event.shard}`
        : `learns the fence record of shard ${event.shard}: epoch ${event.epoch}, revision ${event.revision}`;
    case 'fence.unreadable':
      return `cannot read the fence record of shard ${event.shard}: ${event.message}`;
    case 'shard.mistaken':
      return `meets another shard at the address of shard ${event.shard}`;
    case 'batch.overtakes':
      return `sends ${count(event.operations, 'operation')} to shard ${event.shard} beside a stuck transaction`;
    case 'batch.ended':
      return `ends a transaction of ${count(event.operations, event.lane)} at shard ${event.shard} after ${rounded(event.durationMs)} ms: ${event.outcome}`;
    case 'view.adopted':
      return `adopts the view of epoch ${event.epoch}, with ${count(event.shards, 'shard')}`;
    case 'view.unreachable':
      return `does not get the view: ${event.reason}`;
    case 'view.unreadable':
      return `cannot read the view: ${event.message}`;
    case 'view.unwatched':
      return `loses its watch of the view: ${event.reason}`;
    case 'view.unmirrored':
      return `cannot copy the view to shard ${event.shard}: ${event.reason}`;
    case 'etcd.lost':
      return `gets no answer from ${event.endpoint}: ${event.message}`;
    case 'etcd.not_sent':
      return `does not reach ${event.endpoint}: ${event.message}`;
    case 'etcd.refused':
      return `is refused by ${event.endpoint}: ${event.message}`;
    case 'leader.preferred':
      return `finds the leader of ${event.shard === 0 ? 'the home shard' : `shard ${event.shard}`} at ${event.endpoint}`;
    case 'raft.leader':
      return `becomes leader in term ${event.term}`;
    case 'raft.panic':
      return `panics: ${event.message}`;
    case 'process.kill':
      return 'is killed';
    case 'process.power':
      return 'loses power';
    case 'process.restart':
      return 'starts again';
    case 'process.pause':
      return 'is paused';
    case 'process.resume':
      return 'goes on after its pause';
    case 'client.asks':
      return `asks: ${event.what}`;
    case 'client.learns':
      return `learns: ${event.what}`;
    case 'shard.removed':
      return `sees that shard ${event.shard} is in the view no more`;
    case 'member.joined':
      return `sees that ${event.member} has its vote`;
    case 'member.left':
      return `sees that ${event.member} is no member any more`;
    case 'member.step':
      return wordsOfStep[event.step](event);
    case 'slots.changed':
    case 'view.move_added':
    case 'view.abort_asked':
    case 'view.move_published':
    case 'view.move_gone':
      return wordsOfRecord(event);
    case 'move.interrupted':
    case 'move.unproven':
    case 'move.repeated':
    case 'move.paused':
    case 'move.resumed':
    case 'move.copied':
    case 'move.activated':
    case 'move.failed':
    case 'move.aborted':
    case 'move.done':
      return wordsOfMove(event);
    case 'room.spent':
      return `refuses puts to shard ${event.shard}: ${event.reason}`;
    case 'room.found':
      return `takes puts to shard ${event.shard} again`;
    case 'heal.all':
      return 'ends all faults';
    default:
      return `${event.name.startsWith('fault.') ? 'strikes' : 'ends'}: ${faultOf(event)}`;
  }
}

/** A strike on a phase has its own words already. */
function faultOf({ name, target }: { name: string; target: string }): string {
  const kind = name.slice(name.indexOf('.') + 1);
  return kind === 'strike_phase' ? target : `${kind.replaceAll('_', ' ')}, ${target}`;
}

const phases: Record<MovePhase, (event: PhaseEntered) => string> = {
  waiting: ({ move }) => `waits with move ${move}`,
  import: ({ move, to }) => `begins move ${move}, and claims its slots at shard ${to}`,
  copy: ({ move, from, to }) => `copies the keys of move ${move} from shard ${from} to shard ${to}`,
  tail: ({ move, from }) => `follows what is written at shard ${from} (move ${move})`,
  freeze: ({ move, from }) => `asks shard ${from} to stop the slots of move ${move}`,
  drain: ({ move, from }) => `waits for the last writes of shard ${from} (move ${move})`,
  activate: ({ move, to }) => `asks shard ${to} to take the slots of move ${move}`,
  publish: ({ move, to }) => `publishes that shard ${to} has the slots of move ${move}`,
  clean: ({ move, from }) => `cleans shard ${from} up after move ${move}`,
  rollback: ({ move, from }) => `gives the slots of move ${move} back to shard ${from}`,
};

function wordsOfPhase(event: PhaseEntered): string {
  const phase = Object.entries(phases).find(([name]) => event.name === `move.${name}`);
  return phase![1](event);
}

function wordsOfMove(event: Exclude<MoveEvent, PhaseEntered>): string {
  switch (event.name) {
    case 'move.interrupted':
      return `begins move ${event.move} anew from the records: ${event.reason}`;
    case 'move.unproven':
      return `does not believe the watch of move ${event.move}: ${event.reason}`;
    case 'move.repeated':
      return `has to copy move ${event.move} again: ${event.reason}`;
    case 'move.paused':
      return `stops the copy of move ${event.move} for a while: ${event.reason}`;
    case 'move.resumed':
      return `goes on with the copy of move ${event.move}`;
    case 'move.copied':
      return `has copied ${count(event.keys, 'key')} of move ${event.move} from shard ${event.from}`;
    case 'move.activated':
      return `has activated move ${event.move}: ${count(event.slots, 'slot')} stood still for ${rounded(event.frozenMs)} ms`;
    case 'move.failed':
      return `gives move ${event.move} up after ${count(event.tries, 'try', 'tries')}: ${event.reason}`;
    case 'move.aborted':
      return `has undone move ${event.move}`;
    case 'move.done':
      return `has done move ${event.move}: shard ${event.to} has ${count(event.slots, 'slot')} of shard ${event.from}`;
  }
}

const wordsOfStep: Record<
  Extract<SimEvent, { name: 'member.step' }>['step'],
  (event: { member: string; node: number }) => string
> = {
  add_learner: ({ member, node }) => `asks for ${member} as a learner, node ${node}`,
  promote: ({ member, node }) => `asks for the vote of ${member}, node ${node}`,
  remove: ({ member, node }) => `asks to remove node ${node}, which ${member} was`,
  start: ({ member, node }) => `starts ${member} on an empty disk, as node ${node}`,
};

function wordsOfRecord(event: RecordEvent): string {
  switch (event.name) {
    case 'slots.changed':
      return wordsOfSlots(event);
    case 'view.move_added':
      return `has move ${event.move} in the view (epoch ${event.epoch})`;
    case 'view.abort_asked':
      return `has in the view that move ${event.move} is to be undone (epoch ${event.epoch})`;
    case 'view.move_published':
      return `has in the view where the slots of move ${event.move} are now (epoch ${event.epoch})`;
    case 'view.move_gone':
      return `has move ${event.move} in the view no more (epoch ${event.epoch})`;
  }
}

/** The steps of a slot at one shard, in the words of docs/protocol.md. */
function wordsOfSlots({ slots, from, to, epoch, move }: SlotsChanged): string {
  const which = `${/[-,]/.test(slots) ? 'slots' : 'slot'} ${slots}`;
  switch (`${from} to ${to}`) {
    case 'nothing to importing':
    case 'moved to importing':
      return `lets move ${move} fill ${which}`;
    case 'importing to importing':
      return `lets a new claim of move ${move} fill ${which}`;
    case 'importing to owned':
      return `owns ${which} from now on (epoch ${epoch})`;
    case 'importing to moved':
      return `gives up ${which}, which was not its own yet (epoch ${epoch})`;
    case 'owned to frozen':
      return `freezes ${which} for move ${move} (epoch ${epoch})`;
    case 'frozen to owned':
      return `takes ${which} back (epoch ${epoch})`;
    case 'owned to owned':
      return `keeps ${which}, at a higher epoch (epoch ${epoch})`;
    case 'frozen to moved':
      return `leaves a tombstone for ${which} (epoch ${epoch})`;
    default:
      return `takes a step that there is not: ${which} from ${from} to ${to}`;
  }
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Milliseconds for people: three digits. */
function rounded(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}
