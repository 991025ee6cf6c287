/**
 * Which processes a test has killed on purpose: they stay down until a command starts them. A mark names one process, so that
 * a forgotten mark does not apply to the next one. Marks need no lock, so that a test can strike at any moment.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../../host/process-identity.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

export function markKilled({ killed }: StateFolder, name: string, identity: ProcessIdentity): void {
  mkdirSync(killed, { recursive: true, mode: 0o700 });
  writeFileSync(join(killed, name), textOf(identity), { mode: 0o600 });
}

export function forgetKilled({ killed }: StateFolder, name: string): void {
  rmSync(join(killed, name), { force: true });
}

export function isMarkedKilled({ killed }: StateFolder, name: string, identity: ProcessIdentity): boolean {
  try {
    return readFileSync(join(killed, name), 'utf8') === textOf(identity);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function textOf({ pid, startedAt }: ProcessIdentity): string {
  return `${pid} ${startedAt}`;
}
