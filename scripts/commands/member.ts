/** `vase member list|add|remove|replace`: lists the members of each shard, adds and removes them, replaces a lost one. */
import { InvalidArgumentError, type Command } from 'commander';
import type { ListedMember, MemberControl } from '../../cluster/providers/provider.ts';
import { shownSteps } from '../../cluster/providers/steps.ts';
import type { CommandContext } from '../context/command-context.ts';
import { withMembers } from '../context/member-control.ts';
import { describeBytes, drawTable } from '../terminal/table.ts';

interface MemberFlags {
  json?: boolean;
}

const replaceHelp = `
The member keeps its name and its ports. Its shard has to have a quorum without it. What is left of its folder is kept
beside it; in kind the disk of before stays, without a claim. A member that can be started on its own data is started, and not replaced. Run again after an interruption, it
goes on where it was.`;

const addHelp = `
The cluster serves meanwhile. The new member joins as a learner, gets the data from the others, then its vote, and then the
view names it. From 1 to 3, run it twice; a shard has 5 at most, and each shard has its own number. All others have to be
well. An even number tolerates no more failures than one less. Run again after an interruption, it goes on where it was.`;

const removeHelp = `
The cluster serves meanwhile. Where it leads, another is made the leader first. Nobody asks it any more when it leaves; then
its process is stopped and its data folder deleted; in kind its pod and its claim, and the disk stays. There only the
member with the highest number can leave: Kubernetes takes pods from the end. Refused is what would leave the shard without a quorum. Run again after
an interruption, it goes on where it was; of a member that is gone it says so, with exit code 0.`;

export function addMemberCommand(program: Command): void {
  const member = program
    .command('member')
    .description('List, add and remove members of shards, and replace lost ones.');
  member
    .command('list')
    .description('Show each member with its id, role and health.')
    .option('--json', 'print JSON')
    .action((flags: MemberFlags) => withMembers(flags, listMembers));
  member
    .command('add')
    .description('Give a shard one member more, while it serves.')
    .argument('[shard]', 'its number, or its name such as etcd-2; needed where there are several', shardOf)
    .option('--json', 'print JSON, one document per line')
    .addHelpText('after', addHelp)
    .action((shard: number | undefined, flags: MemberFlags) =>
      withMembers(flags, async (members, { printer, options }) => {
        const steps = shownSteps(options.reporter);
        const { signal } = options;
        const added = members.add(shard ?? null, { signal, report: steps.report });
        const { name, done } = await steps.during(added);
        printer.result(done, { event: 'added', name, done });
      }),
    );
  member
    .command('remove')
    .description('Take a member out of its shard for good, while it serves, with its data.')
    .argument('<name>', 'for example etcd-1-2')
    .option('--json', 'print JSON, one document per line')
    .addHelpText('after', removeHelp)
    .action((name: string, flags: MemberFlags) =>
      withMembers(flags, async (members, { printer, options }) => {
        const steps = shownSteps(options.reporter);
        const { signal } = options;
        const done = await steps.during(members.remove(name, { signal, report: steps.report }));
        printer.result(done, { event: 'removed', name, done });
      }),
    );
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

function shardOf(text: string): number {
  const id = Number(/^(?:etcd-)?([1-9]\d{0,8})$/.exec(text)?.[1] ?? 0);
  if (id === 0) throw new InvalidArgumentError('must be the number of a shard, or its name such as etcd-2.');
  return id;
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
