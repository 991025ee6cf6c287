/** The parts of the checkout that papers may name: files, folders, names, commands, and every word of the sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Papers speak of these folders; one paper's words about another are no evidence. */
const rooms = ['sharder', 'cluster', 'sim', 'scripts', 'test'];
const folders = [...rooms, 'docs', '.ci'];
/** The tests of the papers name things that do not exist. */
const notSources = /^(docs|test\/unit\/docs)\/|\.md$/;

interface Names {
  exported: ReadonlySet<string>;
  /** Exported or not: functions, constants, and members of classes and interfaces. */
  declared: ReadonlySet<string>;
}

export class SourceTree {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  private readonly root: string;
  private readonly text: string;
  private readonly names = new Map<string, Names>();
  private readonly commands: ReadonlySet<string>;
  private readonly goals: ReadonlySet<string>;

  constructor(root: string) {
    this.root = root;
    const top = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
    const files = top.map(({ name }) => name);
    for (const folder of folders) files.push(...filesUnder(root, folder));
    this.files = new Set(files);
    this.folders = new Set(files.flatMap(foldersOf));
    const sources = files.filter((file) => !notSources.test(file) && file !== 'package-lock.json');
    this.text = sources.map((file) => this.read(file)).join('\n');
    for (const file of sources) if (file.endsWith('.ts')) this.names.set(file, namesOf(this.read(file)));
    this.commands = new Set(matches(this.text, /\.command\('([a-z-]+)/g));
    this.goals = new Set(matches(this.read('Makefile'), /^([a-z0-9-]+):/gm));
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }

  says(text: string): boolean {
    return this.text.includes(text);
  }

  isCommand(name: string): boolean {
    return this.commands.has(name);
  }

  isGoal(name: string): boolean {
    return this.goals.has(name);
  }

  exports(name: string): boolean {
    return [...this.names.values()].some(({ exported }) => exported.has(name));
  }

  /** @param file left out: any file. */
  declares(name: string, file?: string): boolean {
    if (file !== undefined) return this.names.get(file)?.declared.has(name) === true;
    return [...this.names.values()].some(({ declared }) => declared.has(name));
  }

  /** Whether the exported `owner` stands in a file with a `member`. */
  hasMember(owner: string, member: string, file?: string): boolean {
    return [...this.names].some(
      ([each, { exported, declared }]) =>
        (file === undefined || each === file) && exported.has(owner) && declared.has(member),
    );
  }
}

function filesUnder(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(root, path) : [path];
  });
}

function foldersOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function namesOf(source: string): Names {
  const exported = new Set(
    matches(source, /^export (?:abstract |async )*(?:function\*?|class|const|let|interface|type) ([\w$]+)/gm),
  );
  const declared = new Set([
    ...exported,
    ...matches(source, /^(?:async )?function\*? ([\w$]+)/gm),
    ...matches(source, /^const ([\w$]+)/gm),
    ...matches(source, /^ {2}(?:(?:private|static|readonly|override|async|get|set) )*#?([\w$]+)[(<:=!?]/gm),
  ]);
  return { exported, declared };
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name!);
}
