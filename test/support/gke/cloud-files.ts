/**
 * What the stand-in for Google Cloud keeps in its folder: the existing resources, the commands, and which commands must fail.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CloudFiles {
  folder: string;
  /** One command a line: program, arguments, exit code. */
  commands: string;
  state: string;
  /** Written by the stand-in for Kubernetes, by name. */
  objects: string;
  failures: string;
  /** Names of members whose container ends after each start. */
  brokenPods: string;
}

export interface CloudState {
  /** Names such as "network vase-europe-west1". */
  there: string[];
  /** Disks of pods whose cluster is gone. */
  disks: object[];
  /** Fields of `clusters describe` that differ from those of a healthy one. */
  cluster: Record<string, unknown>;
  /** Quotas of the region. */
  quotas: { metric: string; limit: number; usage: number }[];
  account: string | null;
  digests: Record<string, string>;
}

/** The first command that contains the text fails this many times. */
export interface Failure {
  match: string;
  times: number;
  stderr: string;
}

export interface RecordedCommand {
  program: string;
  args: string[];
  exitCode: number;
}

const newState: CloudState = {
  there: [],
  disks: [],
  cluster: {},
  quotas: [
    { metric: 'CPUS', limit: 72, usage: 4 },
    { metric: 'SSD_TOTAL_GB', limit: 1000, usage: 0 },
  ],
  account: 'somebody@example.com',
  digests: {},
};

export function cloudFiles(folder: string): CloudFiles {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  return {
    folder,
    commands: file('commands.jsonl'),
    state: file('cloud.json'),
    objects: file('objects.json'),
    failures: file('failures.json'),
    brokenPods: file('broken-pods.json'),
  };
}

export function readJson<T>(file: string, otherwise: T): T {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : otherwise;
}

export const readBrokenPods = ({ brokenPods }: CloudFiles): string[] => readJson(brokenPods, []);

export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value, null, 1));
}

export const readCloud = ({ state }: CloudFiles): CloudState => ({ ...newState, ...readJson(state, {}) });

export function readCommands({ commands }: CloudFiles): RecordedCommand[] {
  if (!existsSync(commands)) return [];
  const lines = readFileSync(commands, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedCommand);
}

export function recordCommand({ commands }: CloudFiles, command: RecordedCommand): void {
  appendFileSync(commands, `${JSON.stringify(command)}\n`);
}
