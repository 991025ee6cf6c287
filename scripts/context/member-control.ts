/** For the commands that change members of shards: the provider's control of members, or an error when it has none yet. */
import { UsageError } from '../../cluster/errors.ts';
import type { MemberControl } from '../../cluster/providers/provider.ts';
import { withContext, type CommandContext } from './command-context.ts';

const instead =
  '`kubectl get pods` lists them; each member has certificates, which only deploying a new cluster makes, so that a shard ' +
  'keeps as many as it was deployed with';

/** @throws UsageError when the cluster's provider has no such control yet. */
export async function withMembers(
  flags: { json?: boolean },
  body: (members: MemberControl, context: CommandContext) => Promise<void>,
): Promise<void> {
  await withContext(flags, async (context) => {
    const { kind, members } = context.provider;
    if (members === null)
      throw new UsageError(`members cannot be listed or changed yet on provider ${kind}: ${instead}`);
    await body(members, context);
  });
}
