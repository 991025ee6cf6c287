/**
 * One command at a time changes a cluster: a lock file that names its holder by pid and start time. A lock whose holder
 * is gone is taken over.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../errors.ts';
import { identifyProcess, processState, type ProcessIdentity } from '../host/process-identity.ts';
import type { StateFolder } from './state-folder.ts';

const pollMs = 50;
/** A view server or the keeper holds the lock while it starts or stops some processes; no user sees it at work. */
const unseenMsMax = 30_000;
/** Takeovers of stale locks that one attempt makes; more would mean that holders die as fast as they come. */
const takeoversMax = 5;

type Role = 'command' | 'view-server' | 'keeper';

interface Holder extends ProcessIdentity {
  /** What the holder does, for the message to others. */
  purpose: string;
  /** A lock that an older version has made has none: a command holds it. */
  role?: Role;
  /** Distinguishes two holders in one process. */
  id: string;
}

export interface LockOptions {
  purpose: string;
  /** The role of the caller; default: a command. */
  role?: Role;
  /**
   * How long to wait for another holder before giving up. Default: not at all for a command, whose end may be minutes away;
   * for a view server, which no user waits for, as long as its work should take.
   */
  waitMsMax?: number;
}

/**
 * Runs `body` while holding the cluster's lock.
 * @throws ClusterError when another live process holds it.
 */
export async function withLock<T>(
  folder: StateFolder,
  options: LockOptions,
  body: () => Promise<T>,
): Promise<T> {
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  const own = await identifyProcess(process.pid);
  if (own === null) throw new Error('this process cannot find itself in the process table');
  const id = randomUUID();
  const { purpose, role = 'command', waitMsMax } = options;
  const text = JSON.stringify({ ...own, purpose, role, id } satisfies Holder);
  const startedMs = performance.now();
  for (;;) {
    const holder = await acquire(folder, { id, text });
    if (holder === null) break;
    const patienceMs = waitMsMax ?? ((holder.role ?? 'command') === 'command' ? 0 : unseenMsMax);
    if (performance.now() - startedMs >= patienceMs) throw busy(folder, holder);
    await delay(pollMs);
  }
  try {
    return await body();
  } finally {
    if (readText(folder.lockFile) === text) rmSync(folder.lockFile, { force: true });
  }
}

/** Null when this process holds the lock now, otherwise its live holder. */
async function acquire(
  folder: StateFolder,
  { id, text }: { id: string; text: string },
): Promise<Holder | null> {
  const own = `${folder.lockFile}.${id}`;
  writeFileSync(own, text, { mode: 0o600 });
  try {
    for (let takeover = 0; takeover < takeoversMax; takeover++) {
      if (linkIfFree(own, folder.lockFile)) return null;
      const found = readText(folder.lockFile);
      if (found === null) continue;
      const holder = parseHolder(found);
      if (holder !== null && (await processState(holder)) !== 'gone') return holder;
      removeStale(folder, found, id);
    }
    throw new ClusterError(`the lock ${folder.lockFile} changes hands too fast`);
  } finally {
    rmSync(own, { force: true });
  }
}

/** A hard link is made whole or not at all, so no process reads a half-written lock. */
function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * 1. We read a stale lock. 2. Another process took it over and holds it. 3. We must not delete that one: so it is moved
 * aside first, looked at, and put back if it is not what was read.
 */
function removeStale(folder: StateFolder, stale: string, id: string): void {
  const aside = `${folder.lockFile}.stale.${id}`;
  try {
    renameSync(folder.lockFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== stale) linkIfFree(aside, folder.lockFile);
  rmSync(aside, { force: true });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const raw = JSON.parse(text) as Partial<Holder>;
    if (typeof raw.pid !== 'number' || typeof raw.startedAt !== 'string') return null;
    const { pid, startedAt, role = 'command' } = raw;
    return { pid, startedAt, role, purpose: String(raw.purpose), id: String(raw.id) };
  } catch {
    return null;
  }
}

function busy(folder: StateFolder, holder: Holder): ClusterError {
  return new ClusterError(`${holder.purpose} is running on ${folder.root} (process ${holder.pid})`, {
    nextStep: `Wait until it has ended, or stop it with \`kill ${holder.pid}\`.`,
  });
}
