/** What `up` says of a shard that has run before and cannot be brought up, while it serves the others. */
import { shardName } from '../../sharder/core/view.ts';
import { ClusterError } from '../errors.ts';
import type { Problem } from './provider.ts';

export interface DeadShard {
  id: number;
  /** Whether the view is in it. */
  isHome: boolean;
  /** Members that run. */
  running: number;
  members: number;
}

export function describeDeadShard({ id, isHome, running, members }: DeadShard): Problem {
  const view = isHome
    ? ' It is the home shard: until then nothing can be moved, added or removed, either.'
    : '';
  return {
    what: `${shardName(id)} is dead: ${running} of its ${members} members run, without a leader`,
    fix: `Its keys can be neither read nor written until what follows is mended and \`make up\` is run again.${view}`,
  };
}

/** Where a shard is dead, and none that runs tells the view: sharders could not start, or the cluster was never whole. */
export function noView(problems: readonly Problem[]): ClusterError {
  return new ClusterError(problems.map(({ what, fix }) => `${what}\n  ${fix}`).join('\n'), {
    nextStep:
      'The shards that run have neither the view nor a copy of it: nothing can be brought up. What runs goes on.',
  });
}
