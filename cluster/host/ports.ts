/**
 * Ports of a local cluster: chosen once, recorded, used again. They lie below the range from which systems take ports
 * for outgoing connections, so that a member which is down for a moment finds its port still free.
 */
import { createServer } from 'node:net';
import getPort from 'get-port';
import { CommandError } from './command-error.ts';
import { localHost } from './local-host.ts';
import { runCommand } from './run-command.ts';

/** Linux takes outgoing ports from 32768 up, macOS from 49152 up. */
const firstPort = 20_000;
const lastPort = 31_999;

/**
 * Distinct free ports on 127.0.0.1.
 * @param options.startAt any text; the same text starts the search at the same port. Different checkouts start at
 *   different ports, so two that search at the same moment seldom choose the same port.
 */
export async function chooseFreePorts(
  count: number,
  options: { startAt: string; exclude: ReadonlySet<number> },
): Promise<number[]> {
  const candidates = portsFrom(hashOf(options.startAt));
  const exclude = new Set(options.exclude);
  const chosen: number[] = [];
  while (chosen.length < count) {
    const port = await getPort({ port: candidates, host: localHost, exclude });
    chosen.push(port);
    exclude.add(port);
  }
  return chosen;
}

function portsFrom(offset: number): number[] {
  const size = lastPort - firstPort + 1;
  return Array.from({ length: size }, (_, index) => firstPort + ((offset + index) % size));
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Whether a listener on this port of `host` would start now. */
export async function isPortFree(port: number, host: string = localHost): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Who listens on a port, for a message: "python3 (process 123)", or the command that tells. */
export async function describePortHolder(port: number): Promise<string> {
  try {
    const { stdout } = await runCommand('ss', ['-Hltnp', `sport = :${port}`], { timeoutMs: 5000 });
    const user = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout);
    if (user !== null) return `${user[1]} (process ${user[2]})`;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
  return `somebody else (\`sudo lsof -nP -iTCP:${port} -sTCP:LISTEN\` tells who)`;
}
