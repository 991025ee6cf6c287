/** What `up` reports about a shard that has run before and cannot be brought up, while the other shards serve. */
import { shardName } from '../../sharder/core/view.ts';
import { ClusterError } from '../errors.ts';
import type { Problem } from './provider.ts';

export interface DeadShard {
  id: number;
  /** Whether this shard holds the view. */
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

/** For a dead shard when no running shard has the view: sharders could not start, or the cluster was never whole. */
export function noView(problems: readonly Problem[]): ClusterError {
  return new ClusterError(problems.map(({ what, fix }) => `${what}\n  ${fix}`).join('\n'), {
    nextStep:
      'The shards that run have neither the view nor a copy of it: nothing can be brought up. What runs goes on.',
  });
}
