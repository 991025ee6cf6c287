/** `vase member list|replace`: the members of each shard, and a new one in the place of one whose data are lost. */
import type { Command } from 'commander';
import type { ListedMember, MemberControl } from '../../cluster/providers/provider.ts';
import { shownSteps } from '../../cluster/providers/steps.ts';
import type { CommandContext } from '../command-context.ts';
import { withMembers } from '../member-control.ts';
import { describeBytes, drawTable } from '../table.ts';

interface MemberFlags {
  json?: boolean;
}

const replaceHelp = `
The member keeps its name and its ports. Its shard has to have a quorum without it. What is left of its folder is kept
beside it. A member that can be started on its own data is started, and not replaced. Run again after an interruption, it
goes on where it was.`;

export function addMemberCommand(program: Command): void {
  const member = program.command('member').description('List the members of shards, and replace lost ones.');
  member
    .command('list')
    .description('Show each member with its id, role and health.')
    .option('--json', 'print JSON')
    .action((flags: MemberFlags) => withMembers(flags, listMembers));
  member
    .command('replace')
    .description('Put a new member in the place of one whose data are lost: it gets them from the others.')
    .argument('<name>', 'for example etcd-1-0')
    .option('--json', 'print JSON, one document per line')
    .addHelpText('after', replaceHelp)
    .action((name: string, flags: MemberFlags) =>
      withMembers(flags, async (members, { printer, options }) => {
        const steps = shownSteps(options.reporter);
        const { signal } = options;
        const done = await steps.during(members.replace(name, { signal, report: steps.report }));
        printer.result(done, { event: 'replaced', name, done });
      }),
    );
}

async function listMembers(members: MemberControl, { printer }: CommandContext): Promise<void> {
  const list = await members.list();
  const rows = list.map(({ name, shard, id, role, endpoint, version, dbSizeBytes, problem }) => [
    name,
    shard,
    id ?? '-',
    role ?? '-',
    endpoint,
    version ?? '-',
    dbSizeBytes === null ? '-' : describeBytes(dbSizeBytes),
    problem === null ? 'healthy' : problem.what,
  ]);
  const table = drawTable(['member', 'shard', 'id', 'role', 'endpoint', 'etcd', 'db size', 'health'], rows);
  printer.result([table, ...list.flatMap(fixOf)].join('\n'), { members: list });
}

function fixOf({ name, problem }: ListedMember): string[] {
  return problem === null ? [] : [`${name}: ${problem.fix}`];
}
