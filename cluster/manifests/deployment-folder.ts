/**
 * Writes the files of a deployment to a folder, and deletes the files of an earlier run that this run does not have. A
 * folder that is not empty and that Vase did not make is left alone, unless `force` is given.
 */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../errors.ts';
import type { DeploymentFile } from './deployment-files.ts';

/** Lists the files that Vase wrote, one a line. Its name has no extension that kubectl would take for a manifest. */
const markerName = '.made-by-vase';

/**
 * @param options.force write to a folder that was not made by Vase; nothing in it is deleted, files of the same name
 *   are replaced.
 * @throws UsageError when the folder is not Vase's, or not a folder.
 */
export async function writeDeploymentFolder(
  folder: string,
  files: readonly DeploymentFile[],
  options: { force: boolean },
): Promise<void> {
  const present = await listFolder(folder);
  const isOurs = present.includes(markerName);
  if (present.length > 0 && !isOurs && !options.force) {
    throw new UsageError(
      `${folder} is not empty and was not made by vase generate; name another, or use --force`,
    );
  }
  await mkdir(folder, { recursive: true });
  const names = files.map((file) => file.name);
  const earlier = isOurs ? await readMarker(folder) : [];
  // The marker goes first and names both: interrupted anywhere, the next run still knows which files are Vase's.
  await writeMarker(folder, [...new Set([...earlier, ...names])]);
  for (const stale of earlier.filter((name) => !names.includes(name))) {
    await rm(path.join(folder, stale), { force: true });
  }
  for (const file of files) {
    const target = path.join(folder, file.name);
    await writeFile(target, file.content);
    await chmod(target, file.executable ? 0o755 : 0o644);
  }
  await writeMarker(folder, names);
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UsageError(`${folder} is a file; name a folder`, { cause: error });
    throw error;
  }
}

/** Returns only names that Vase gives: a changed marker must not lead a deletion out of the folder. */
async function readMarker(folder: string): Promise<string[]> {
  const lines = (await readFile(path.join(folder, markerName), 'utf8')).split('\n');
  return lines.filter((line) => /^[a-z0-9-]+\.(yaml|sh)$/.test(line));
}

async function writeMarker(folder: string, names: readonly string[]): Promise<void> {
  await writeFile(path.join(folder, markerName), `${names.join('\n')}\n`);
}
