/** What is compared: the sharder, bare servers of node:http and Koa, one etcd3 call per request, and etcd's own JSON gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import { sharderNodeFlags } from '../../../sharder/node-flags.ts';
import type { LoadOrder } from './load-process.ts';

export type TargetName = 'vase' | 'node:http' | 'koa' | 'one call' | 'gateway';

export interface Target {
  name: TargetName;
  url: string;
  pid: number | null;
  dialect: LoadOrder['dialect'];
}

/** Starts a server of this folder or of the sharder on a free port and waits until it answers. */
export async function startServer(
  script: string,
  environment: Record<string, string>,
): Promise<ChildProcess & { url: string }> {
  const port = await getPort();
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [...sharderNodeFlags, file], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      VASE_PORT: String(port),
      VASE_LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`${script} ended with ${String(code)}`);
  });
  await Promise.race([died, untilAnswering(url)]);
  died.catch(() => undefined);
  return Object.assign(child, { url });
}

async function untilAnswering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answers = await fetch(url).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    );
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}
