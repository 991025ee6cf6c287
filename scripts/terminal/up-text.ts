/** The result of bringing a cluster up, as text: the same for every provider. */
import type { UpResult } from '../../cluster/providers/provider.ts';
import { counted } from '../../cluster/providers/steps.ts';
import { style } from './printer.ts';

/** Exit code when a shard or a member could not be brought up, and the rest serves. */
export const leftExitCode = 3;

/** `head` says whether all is well; `problems` are the remaining ones, each with what to do. */
export function describeUp({ endpoint, topology, size: members, changed, left }: UpResult): {
  head: string;
  problems: string[];
} {
  const size = `${counted(topology.shards, 'shard')} of ${members ?? counted(topology.members, 'member')}, ${counted(topology.sharders, 'sharder')}`;
  if (left.length > 0) {
    return {
      head: style.warning(`Serving at ${endpoint}, and something is left to do (${size})`),
      problems: left.map(({ what, fix }) => `${style.warning('!')} ${what}\n  ${fix}`),
    };
  }
  const text = changed
    ? `Ready at ${endpoint} (${size})`
    : `Already up at ${endpoint} (${size}); nothing changed`;
  return { head: style.good(text), problems: [] };
}
