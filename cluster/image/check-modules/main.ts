/**
 * Loads every module below the given folder, except the programs (main.ts), and fails on the first that cannot be
 * loaded. It runs while the image is built, with the image's own Node.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = path.resolve(process.argv[2] ?? '.');
const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) =>
    file.endsWith('.ts') &&
    path.basename(file) !== 'main.ts' &&
    !file.split(path.sep).includes('node_modules'),
);
if (modules.length === 0) throw new Error(`there is no module in ${folder}`);
for (const module of modules) await import(pathToFileURL(path.join(folder, module)).href);
process.stdout.write(`${modules.length} modules load\n`);
// A module that keeps a timer or a socket must not keep the build waiting.
process.exit(0);
