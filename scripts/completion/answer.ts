/**
 * Finds the words that can stand at the cursor. Only the module of the named command is loaded: a shell waits for the answer
 * at every press of the key.
 */
import { Command, type Option } from 'commander';
import { type CommandEntry, nameOf } from '../context/command-entry.ts';
import { type ClusterNames, clusterNames, runNames } from './find-names.ts';

export interface Candidate {
  value: string;
  /** Empty when the value needs none. */
  description: string;
}

export interface Answer {
  candidates: Candidate[];
  /** Whether a file's name may stand there. */
  files: boolean;
}

interface Place {
  provider: string | undefined;
  stateRoot: string;
}

const nothing: Answer = { candidates: [], files: false };

/**
 * @param commands all commands.
 * @param words the words after `vase`; the last may be unfinished: "" when nothing of it is written yet.
 */
export async function answer(
  commands: readonly CommandEntry[],
  words: readonly string[],
  place: Place,
): Promise<Answer> {
  // Bash splits the sign of --option=value off as a word of its own.
  const whole = words.flatMap((word) => (word === '=' ? [] : splitOption(word)));
  const current = words.at(-1) === '=' ? '' : (whole.pop() ?? '');
  const [name] = whole;
  const all = name === undefined ? named(commands) : await within(commands, whole, current, place);
  return { ...all, candidates: all.candidates.filter(({ value }) => value.startsWith(current)) };
}

function splitOption(word: string): string[] {
  const [, option, value] = /^(--[a-z][a-z-]*)=(.*)$/s.exec(word) ?? [];
  return option === undefined ? [word] : [option, value!];
}

function named(commands: readonly CommandEntry[]): Answer {
  const candidates = commands.map((entry) => ({ value: nameOf(entry), description: entry.description }));
  return { candidates, files: false };
}

async function within(
  commands: readonly CommandEntry[],
  [name, ...before]: readonly string[],
  current: string,
  place: Place,
): Promise<Answer> {
  if (name === 'help') return before.length === 0 ? named(commands) : nothing;
  const entry = commands.find((one) => nameOf(one) === name);
  if (entry === undefined) return nothing;
  const program = new Command('vase');
  (await entry.load())(program);
  let command = program.commands[0]!;
  let given = 0;
  let asked: Option | undefined;
  const used = new Set<string>();
  for (const word of before) {
    const option = word.startsWith('-') ? optionOf(command, word) : undefined;
    const sub = command.commands.find((one) => one.name() === word);
    if (option !== undefined) {
      used.add(option.attributeName());
      asked = option.required || option.optional ? option : undefined;
    } else if (asked !== undefined) asked = asked.variadic ? asked : undefined;
    else if (sub !== undefined) [command, given] = [sub, 0];
    else given += 1;
  }
  if (current.startsWith('-')) return { candidates: optionCandidates(command, used), files: false };
  if (asked !== undefined) return valuesOf(asked.argChoices, placeholderOf(asked), command, place);
  const subcommands = command.commands.map((one) => ({ value: one.name(), description: one.description() }));
  const args = command.registeredArguments;
  const argument = args[given] ?? (args.at(-1)?.variadic === true ? args.at(-1) : undefined);
  if (argument === undefined) return { candidates: subcommands, files: false };
  return valuesOf(argument.argChoices, argument.name(), command, place);
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => long === word || short === word);
}

function optionCandidates(command: Command, used: ReadonlySet<string>): Candidate[] {
  const options = command.options.filter((option) => !option.hidden && !used.has(option.attributeName()));
  return [
    ...options.map(({ long, short, description }) => ({ value: long ?? short!, description })),
    { value: '--help', description: 'display help for command' },
  ];
}

/** Of `--to <shard>`: "shard". */
function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1] ?? '';
}

/** Finds the values by the placeholder in the help. */
function valuesOf(
  choices: readonly string[] | undefined,
  placeholder: string,
  command: Command,
  place: Place,
): Answer {
  if (choices !== undefined) return plain(choices);
  const { shards, members, processes }: ClusterNames = clusterNames(place);
  // It is a job's id, of `vase view --abort`.
  if (placeholder === 'id' && command.name() === 'view') return nothing;
  if (placeholder === 'id' && command.name() === 'move')
    return plain(shards.map((name) => name.replace('etcd-', '')));
  if (placeholder === 'shard' || placeholder === 'id') return plain(shards);
  if (placeholder === 'name' && command.name() === 'logs') return plain(processes);
  if (placeholder === 'name' && command.parent?.name() === 'member') return plain(members);
  if (placeholder === 'kind') return plain(['local', 'kind', 'gke']);
  if (/^runs?$/.test(placeholder)) return { ...plain(runNames(place.stateRoot)), files: true };
  return { candidates: [], files: ['file', 'path', 'folder', 'plan'].includes(placeholder) };
}

function plain(values: readonly string[]): Answer {
  return { candidates: values.map((value) => ({ value, description: '' })), files: false };
}
