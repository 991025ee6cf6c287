/**
 * The commands, in the order of the help: what it says of each, and where its module is. A command's module is loaded when the
 * user asks for the command: together they load some hundreds of modules, and a help or a `get` would wait for them. A test
 * checks that the texts equal those of the modules.
 */
import type { Command } from 'commander';
import { type CommandEntry, nameOf } from './context/command-entry.ts';

export const commandTable: readonly CommandEntry[] = [
  {
    usage: 'up [options]',
    description: 'Bring the cluster up, or to another topology, and prove that it serves.',
    load: async () => (await import('./commands/up.ts')).addUpCommand,
  },
  {
    usage: 'down [options]',
    description: 'Stop everything that `up` started; the data stay, except with kind.',
    load: async () => (await import('./commands/down.ts')).addDownCommand,
  },
  {
    usage: 'clean [options]',
    description: 'Say what there is, stop everything and delete the data.',
    load: async () => (await import('./commands/clean.ts')).addCleanCommand,
  },
  {
    usage: 'status [options]',
    description: 'Show shards, members, leaders and sharders, what is wrong and what to do.',
    load: async () => (await import('./commands/status.ts')).addStatusCommand,
  },
  {
    usage: 'logs [options] <name>',
    description: 'Show the log of a member (etcd-1-0), a sharder (sharder-1), a view server or the keeper.',
    load: async () => (await import('./commands/logs.ts')).addLogsCommand,
  },
  {
    usage: 'doctor [options]',
    description: 'Check this machine and give a fix for each fault.',
    load: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  },
  {
    usage: 'get [options] <key>',
    description: "Write a key's value to standard output, byte for byte.",
    load: async () => (await import('./commands/get.ts')).addGetCommand,
  },
  {
    usage: 'put [options] <key> [value]',
    description: 'Write a value: VALUE, the bytes of a file, or those of standard input.',
    load: async () => (await import('./commands/put.ts')).addPutCommand,
  },
  {
    usage: 'del [options] <key>',
    description: 'Delete a key.',
    load: async () => (await import('./commands/del.ts')).addDelCommand,
  },
  {
    usage: 'etcd [options] [release]',
    description: 'Say which etcd runs and why; with a release, fetch or build it and print its folder.',
    load: async () => (await import('./commands/etcd.ts')).addEtcdCommand,
  },
  {
    usage: 'generate [options]',
    description: 'Write Kubernetes manifests, and the script that applies them, to a folder.',
    load: async () => (await import('./commands/generate.ts')).addGenerateCommand,
  },
  {
    usage: 'deploy-gke [options]',
    description: 'Show what deploying to Google Kubernetes Engine would do and cost; do it with --confirm.',
    load: async () => (await import('./commands/deploy-gke.ts')).addDeployGkeCommand,
  },
  {
    usage: 'destroy-gke [options]',
    description:
      'Show what would be deleted on Google Cloud; delete it with --confirm. Disks with data stay.',
    load: async () => (await import('./commands/destroy-gke.ts')).addDestroyGkeCommand,
  },
  {
    usage: 'nemesis [options]',
    description: 'Strike the cluster that is up with faults, and judge whether it stays linearizable.',
    load: async () => (await import('./commands/nemesis.ts')).addNemesisCommand,
  },
  {
    usage: 'bench [options]',
    description: 'Measure how the store scales: every cell of a plan on a cluster of its own.',
    load: async () => (await import('./commands/bench.ts')).addBenchCommand,
  },
  {
    usage: 'sim [options]',
    description: 'Run the simulator: many seeds, or one scenario, of a seed or from a file.',
    load: async () => (await import('./commands/sim.ts')).addSimCommand,
  },
  {
    usage: 'predict [options]',
    description: 'Predict throughput and latency of clusters that need not exist.',
    load: async () => (await import('./commands/predict.ts')).addPredictCommand,
  },
  {
    usage: 'check [options] <file...>',
    description: 'Judge whether recorded histories are linearizable.',
    load: async () => (await import('./commands/check.ts')).addCheckCommand,
  },
  {
    usage: 'move [options] <slots>',
    description: 'Move slots to a shard.',
    load: async () => (await import('./commands/move.ts')).addMoveCommand,
  },
  {
    usage: 'rebalance [options]',
    description: 'Give every shard its share of the slots, with as few moves as possible.',
    load: async () => (await import('./commands/rebalance.ts')).addRebalanceCommand,
  },
  {
    usage: 'shard',
    description: 'Add, remove, recover and list shards.',
    load: async () => (await import('./commands/shard.ts')).addShardCommand,
  },
  {
    usage: 'member',
    description: 'List, add and remove members of shards, and replace lost ones.',
    load: async () => (await import('./commands/member.ts')).addMemberCommand,
  },
  {
    usage: 'view [options]',
    description: 'Show which shard has which slots, what is moving and what has been asked for.',
    load: async () => (await import('./commands/view.ts')).addViewCommand,
  },
  {
    usage: 'completion <shell>',
    description: 'Print the script that completes commands, options and names in a shell.',
    load: async () => (await import('./commands/completion.ts')).completionCommand(commandTable),
  },
];

/**
 * Adds the command that the arguments ask for, in full; when they ask for none, adds each with only the help's text.
 * @param names the words in the place of a command's name; null: all commands in full.
 */
export async function addCommands(program: Command, names: readonly string[] | null): Promise<void> {
  // Only a help shows the others, and making two dozen of them takes a tenth of a start.
  const alone = commandTable.find((entry) => nameOf(entry) === names?.[0]);
  if (alone !== undefined) return (await alone.load())(program);
  for (const entry of commandTable) {
    if (names === null || names.includes(nameOf(entry))) (await entry.load())(program);
    else addOutline(program, entry);
  }
}

function addOutline(program: Command, { usage, description }: CommandEntry): void {
  const outline = program.command(usage.replace(' [options]', '')).description(description);
  if (usage.includes(' [options]')) outline.option('--json');
}

/** The words in the place of a command's name: `help up` asks for the help of `up`. */
export function namesIn(argv: readonly string[]): string[] {
  return argv.filter((argument) => !argument.startsWith('-')).slice(0, 2);
}
