/**
 * Finds the checkout's files and the packages that the programs in the image need: all of their own folders, and all files
 * that these import from elsewhere, directly or not.
 */
import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';

/** Folders that go into the image whole, data files included. */
const programFolders = ['sharder', 'cluster/viewserver', 'cluster/volume-guard'];
/** Loaded on demand, and never in a pod: it starts processes on the machine of the user who runs `vase`. */
const leftOut: ReadonlySet<string> = new Set(['cluster/providers/local/local-fleet.ts']);

export interface SourceClosure {
  /** Paths relative to the checkout, with slashes, sorted. */
  files: string[];
  /** Names of the packages that the files import, sorted. */
  packages: string[];
}

export async function findSources(checkout: string): Promise<SourceClosure> {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = (await Promise.all(programFolders.map((folder) => listFiles(checkout, folder)))).flat();
  // Bounded: every file is taken once.
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file) || leftOut.has(file)) continue;
    files.add(file);
    if (!/\.[mc]?[tj]s$/.test(file)) continue;
    for (const specifier of importedModules(await readFile(path.join(checkout, file), 'utf8'))) {
      if (specifier.startsWith('.')) waiting.push(path.posix.join(path.posix.dirname(file), specifier));
      else if (!isBuiltin(specifier)) packages.add(packageName(specifier));
    }
  }
  return { files: [...files].toSorted(), packages: [...packages].toSorted() };
}

async function listFiles(checkout: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(checkout, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(checkout, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

/**
 * What a module imports when it runs: `import type` and `export type` are left out, as Node leaves them out. It reads
 * the statements as Prettier writes them, at the start of a line.
 */
export function importedModules(source: string): string[] {
  const statements = /^(?:import|export)\b(?!\s+type\b)(?:[^'";]*?\bfrom)?\s*['"]([^'"]+)['"]/gm;
  const calls = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...source.matchAll(statements), ...source.matchAll(calls)].map((match) => match[1]!);
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
