/** One run of the load in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadOrder, LoadResult } from './load-messages.ts';

export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const load = fork(new URL('load-process.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  try {
    const died = once(load, 'exit').then(([code]) => {
      throw new Error(`the load process ended with ${String(code)}`);
    });
    died.catch(() => undefined);
    load.send(order);
    const [result] = await Promise.race([once(load, 'message') as Promise<[LoadResult]>, died]);
    return result;
  } finally {
    load.kill('SIGKILL');
  }
}
