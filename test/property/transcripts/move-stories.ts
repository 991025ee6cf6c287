/** The stories of moves: each with its scenario, and with what must have happened for its title to be true. */
import { isOfMove, oneMove, type Changes } from './story.ts';
import type { SimTraceLine } from '../../../sim/run/trace/sim-event.ts';

export interface MoveStory {
  /** Name of the file, without its ending. */
  name: string;
  title: string;
  changes: Changes;
  belongs?: (line: SimTraceLine) => boolean;
  /** Texts that come one after the other, among others. */
  happens: readonly string[];
  /** Default: done. */
  end?: 'done' | 'undone';
}

const killed = 'mover 1            is killed';
const again = 'mover 1            starts again';

function kill(phase: string, forMs = 300): object {
  return { kind: 'strike_phase', atMs: 1000, forMs, phase, what: 'kill' };
}

/** What a mover says when it enters a phase, and what must be true when it goes on after it was killed there. */
const kills: readonly { phase: string; enters: string; afterwards: string; title: string }[] = [
  {
    phase: 'import',
    enters: 'begins move 2.0, and claims its slots at shard 2',
    afterwards: 'shard 2            lets move 2.0 fill slot 391',
    title: 'The mover is killed before its claim is written. It begins again, as if nothing had been.',
  },
  {
    phase: 'copy',
    enters: 'copies the keys of move 2.0',
    afterwards: 'lets a new claim of move 2.0 fill slot 391',
    title:
      'The mover is killed in the copy. It claims the slot anew, so that writes of before land nowhere, and copies from the start.',
  },
  {
    phase: 'tail',
    enters: 'follows what is written at shard 1',
    afterwards: 'lets a new claim of move 2.0 fill slot 391',
    title: 'The mover is killed in the tail. What it had copied is copied again.',
  },
  {
    phase: 'freeze',
    enters: 'asks shard 1 to stop the slots',
    afterwards: 'shard 1            keeps slot 391, at a higher epoch',
    title:
      'The mover is killed before the freeze is written. The source writes its record anew all the same: a freeze may be on its way.',
  },
  {
    phase: 'drain',
    enters: 'waits for the last writes of shard 1',
    afterwards: 'shard 1            takes slot 391 back (epoch 2)',
    title:
      'The mover is killed in the drain: the slot stands still, and nobody has it. The source takes it back, and the move begins again.',
  },
  {
    phase: 'activate',
    enters: 'asks shard 2 to take the slots',
    afterwards: 'publishes that shard 2 has the slots of move 2.0',
    title:
      'The mover is killed after it has sent the activation, which is applied. From there it goes forward only.',
  },
  {
    phase: 'publish',
    enters: 'publishes that shard 2 has the slots',
    afterwards: 'has in the view where the slots of move 2.0 are now',
    title:
      'The mover is killed before the view says where the slot is. The sharders ask the fences meanwhile.',
  },
  {
    phase: 'clean',
    enters: 'cleans shard 1 up',
    afterwards: 'leaves a tombstone for slot 391',
    title: 'The mover is killed before it has cleaned up. It does again what may be done twice.',
  },
];

export const moveStories: readonly MoveStory[] = [
  {
    name: 'move',
    title: 'A move of one slot, and nothing that breaks.',
    changes: {},
    happens: [
      'has move 2.0 in the view',
      'shard 2            lets move 2.0 fill slot 391',
      'has copied 1 key',
      'shard 1            freezes slot 391',
      'shard 2            owns slot 391',
      'shard 1            leaves a tombstone',
      'has move 2.0 in the view no more',
    ],
  },
  ...kills.map(({ phase, enters, afterwards, title }): MoveStory => ({
    name: `mover-killed-in-${phase}`,
    title,
    changes: { faults: [kill(phase)] },
    happens: [enters, killed, `strikes: kill in ${phase}: mover 1`, again, afterwards],
  })),
  {
    name: 'mover-killed-in-idle-drain',
    title:
      'Nobody writes to the slot while it moves, so that the drain has nothing to wait for; the mover is killed in it.',
    changes: { seed: 3, faults: [kill('drain')] },
    belongs: (line) =>
      isOfMove(line) ||
      (line.event.name === 'client.asks' &&
        / k0/.test(line.event.what) &&
        line.atUs > 1_500_000 &&
        line.atUs < 1_800_000),
    happens: [
      'waits for the last writes of shard 1',
      killed,
      'strikes: kill in drain',
      'takes slot 391 back',
    ],
  },
  {
    name: 'undone-before-freeze',
    title: 'A move that an operator wants undone while it copies: three keys in one slot, two a second.',
    changes: {
      topology: { keysPerSecondMax: 2 },
      workload: { keys: 3, tags: 1 },
      moves: [{ ...oneMove, abortAfterMs: 300 }],
    },
    happens: [
      'copies the keys',
      'is to be undone',
      'the move is to stop',
      'gives up slot 824',
      'keeps slot 824',
    ],
    end: 'undone',
  },
  {
    name: 'undone-after-freeze',
    title:
      'The mover is killed in the drain, and an operator wants the move undone before it is back. The destination gives up first, then the source takes the slot back.',
    changes: { faults: [kill('drain', 600)], moves: [{ ...oneMove, abortAfterMs: 200 }] },
    happens: [
      'freezes slot 391',
      killed,
      'is to be undone',
      again,
      'gives up slot 391',
      'takes slot 391 back (epoch 2)',
    ],
    end: 'undone',
  },
  {
    name: 'two-movers',
    title:
      'Two movers begin the same move at the same time. The later claim wins; the other one can write nothing any more.',
    changes: { topology: { viewServers: 2 } },
    happens: [
      'lets move 2.0 fill slot 391',
      'lets a new claim of move 2.0 fill slot 391',
      "another mover's to write to",
      'owns slot 391',
    ],
  },
  {
    name: 'compacted-watch',
    title:
      'The source forgets its history, and its leader is killed: the watch cannot be opened where it broke off. The copy begins again.',
    changes: {
      topology: { members: 3, watchLagMs: 200 },
      workload: { keys: 8, operations: 200 },
      faults: [
        { kind: 'compact', atMs: 1890, shard: 0 },
        { kind: 'kill_leader', atMs: 1895, forMs: 300, shard: 0, power: false },
      ],
      budgets: { faultsUntilMs: 5000 },
    },
    happens: [
      'strikes: compact',
      'strikes: kill leader',
      'shard 1 has forgotten what its watch had still to say',
      'lets a new claim of move 2.0 fill slot 391',
    ],
  },
  {
    name: 'destination-without-quorum',
    title:
      'The destination has lost two of its three members. The move waits, and the slot stays where it is and is served.',
    changes: {
      topology: { members: 3 },
      faults: [0, 1].map((member) => ({
        kind: 'kill_member',
        atMs: 1400,
        forMs: 4000,
        shard: 1,
        member,
        power: false,
      })),
      budgets: { faultsUntilMs: 6000 },
    },
    happens: [
      'strikes: kill member',
      'has move 2.0 in the view',
      'anew from the records: shard 2',
      'starts again',
      'owns slot 391',
    ],
  },
];
