/**
 * Makes data to be kept: `node test/kept/keep-data.ts CHECKOUT NAME PORT` brings up the cluster of a checkout of Vase of any
 * version (its `.vase` must not be there, the etcd to run is first on PATH), writes, overwrites, deletes and moves, stops it,
 * and packs its whole state folder as NAME.tar.br beside this file, with NAME.json: what every later version has to answer.
 * For each version whose records or state file differ from those of the last one that is kept.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../cluster/host/run-command.ts';
import { releaseNames } from '../../sim/etcd/release.ts';
import { type Kept, keptFolder, pack, readAll } from './kept-data.ts';

const [checkout, name, port] = process.argv.slice(2);
if (checkout === undefined || name === undefined || !/^[0-9]+$/.test(port ?? '')) {
  process.stderr.write('usage: node test/kept/keep-data.ts CHECKOUT NAME PORT\n');
  process.exit(2);
}
const state = join(checkout, '.vase');
if (existsSync(state)) {
  process.stderr.write(
    `${state} is there: keep-data makes a cluster of its own. Remove it with \`vase clean\`.\n`,
  );
  process.exit(2);
}
const endpoint = `http://127.0.0.1:${port}`;

async function vase(...args: string[]): Promise<void> {
  // Checkouts of before the command line had a door of plain JavaScript have the other one.
  const script = ['vase.js', 'vase.ts'].map((file) => join(checkout!, 'scripts', file)).find(existsSync)!;
  await runCommand(process.execPath, [script, ...args], { cwd: checkout!, timeoutMs: 120_000 });
}

async function put(key: string, value: string | Uint8Array): Promise<void> {
  const reply = await fetch(`${endpoint}/v1/kv/${encodeURIComponent(key)}`, { method: 'PUT', body: value });
  if (!reply.ok) throw new Error(`PUT ${key}: ${reply.status} ${await reply.text()}`);
}

const { stdout: told } = await runCommand('etcd', ['--version'], { timeoutMs: 20_000 });
const etcd = releaseNames.find((release) => told.includes(`etcd Version: ${release}.`));
if (etcd === undefined) throw new Error(`the etcd on PATH is of no release that Vase knows: ${told}`);
await vase('up', '--shards', '2', '--members', '1', '--sharders', '1', '--port', port!);
try {
  const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
  for (const key of keys) await put(key, `${key} at first`);
  // There and back again, and there: tombstones, epochs, and versions that begin above the revisions of their shard.
  await vase('move', '0-199', '--to', '2');
  await vase('move', '600-800', '--to', '1');
  for (const key of keys.slice(0, 20)) await put(key, `${key} after the move`);
  await vase('move', '100-299', '--to', '1');
  await put(
    'ключ/with a slash',
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  await put('empty', '');
  for (const key of keys.slice(50)) await fetch(`${endpoint}/v1/kv/${key}`, { method: 'DELETE' });
  const all = [...keys, 'ключ/with a slash', 'empty'];
  const kept: Kept = { port: Number(port), etcd, keys: await readAll(endpoint, all) };
  await vase('down');
  writeFileSync(join(keptFolder, `${name}.json`), `${JSON.stringify(kept, null, 1)}\n`);
  pack(state, name);
} finally {
  await vase('clean').catch(() => undefined);
  rmSync(state, { recursive: true, force: true });
}
