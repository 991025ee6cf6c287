/**
 * Finds other processes that listen on the public port. Sharders share it, and the kernel lets every process of the same user
 * join them: two `up` that both saw the port free would have their clients spread over two clusters. Only Linux tells.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { listCommandLines } from './process-identity.ts';

/** As in Linux's include/net/tcp_states.h. */
const listening = '0A';
/** 127.0.0.1 as /proc shows it on little-endian machines; all machines that etcd supports are little-endian. */
const loopback = '0100007F';
const wordsMax = 80;

/**
 * @param own the processes that may listen there.
 * @returns another process that listens: "node … (process 123)"; null when there is none.
 */
export async function otherListener(port: number, own: readonly number[]): Promise<string | null> {
  const sockets = await listeningSockets(port);
  for (const pid of own) for (const socket of await socketsOf(pid)) sockets.delete(socket);
  if (sockets.size === 0) return null;
  for (const { pid, commandLine } of await listCommandLines()) {
    const held = await socketsOf(pid);
    if (held.some((socket) => sockets.has(socket)))
      return `${commandLine.slice(0, wordsMax)} (process ${pid})`;
  }
  // The process has ended meanwhile, or belongs to another user.
  const still = [...(await listeningSockets(port))].some((socket) => sockets.has(socket));
  return still ? 'a process that cannot be named' : null;
}

async function listeningSockets(port: number): Promise<Set<string>> {
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '');
  const address = `${loopback}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const wanted = rows.filter(([, local, , state]) => local === address && state === listening);
  return new Set(wanted.map((fields) => `socket:[${fields[9]}]`));
}

/** None for a process that is gone or another user's. */
async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(`${folder}/${file}`).catch(() => '')));
  return targets.filter((target) => target.startsWith('socket:'));
}
