/** A file in which a provider keeps its state between two commands: it is always whole, and only its owner can read it. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ClusterError } from '../errors.ts';
import { localHost } from '../host/local-host.ts';

/**
 * The state as last written; null when there is none.
 * @param reading.parse throws for content that this version did not write.
 * @param reading.nextStep what to do about such a file.
 * @throws ClusterError when the file is not one that this version wrote.
 */
export function readStateFile<State>(
  path: string,
  reading: { parse(raw: unknown): State; nextStep: string },
): State | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return reading.parse(JSON.parse(text));
  } catch (error) {
    throw new ClusterError(`the state file ${path} cannot be understood`, {
      nextStep: reading.nextStep,
      cause: error,
    });
  }
}

/**
 * The store's URL, for example "http://127.0.0.1:5000"; the rest of the state is not checked. Null when there is no state file.
 * @param reading.portOf the port in the file's content; may throw for content that is no state.
 * @param reading.nextStep what to do about a file that cannot be understood.
 * @throws ClusterError when the file is not one that this version wrote.
 */
export function readEndpoint(
  stateFile: string,
  { portOf, nextStep }: { portOf: (raw: unknown) => unknown; nextStep: string },
): string | null {
  return readStateFile(stateFile, {
    parse(raw) {
      const { format } = raw as { format: unknown };
      const port = portOf(raw);
      if (format !== 1 || !isPort(port)) throw new Error('it names no format 1 with a port');
      return `http://${localHost}:${port}`;
    },
    nextStep,
  });
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

/** Replaces the file in one step: a reader sees the old one or the new one, whole. Its folder must exist. */
export function writeStateFile(path: string, state: unknown): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
