/** Finds processes by a folder in their PATH, with which their ancestor has marked them; only on Linux, which has /proc. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** A process that starts during one round is found in the next. */
const roundsMax = 5;

/** Kills them, and removes the folders for temporary files that they name. */
export function endMarked(mark: string): void {
  for (let round = 0; round < roundsMax; round++) if (endThoseFound(mark) === 0) return;
}

function endThoseFound(mark: string): number {
  let found = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid || !read(pid, 'environ').includes(`:${mark}\0`)) continue;
    found++;
    const folders = read(pid, 'cmdline').matchAll(/(\/[^\0=]*?)\/vase-[a-z-]+-[A-Za-z0-9]{6}/g);
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // The process has ended by itself.
    }
    for (const [folder, parent] of folders)
      if (parent === tmpdir() || parent === '/dev/shm') rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

/** Empty for a process that has ended or is another user's. */
function read(pid: string, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
