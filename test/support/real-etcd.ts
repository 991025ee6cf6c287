/**
 * A real etcd for a test: one or three members from the installed binary, in a folder of their own, on free ports; nothing
 * is left behind. It is ready when it has answered a linearizable read.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { programAt } from '../../cluster/etcd/etcd-binary.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';

/** More than an election of three members on a busy machine. */
const readyMsMax = 30_000;

/** A folder in which syncs are cheap: in memory, on systems that have one. */
export const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface RealEtcdOptions {
  /** The program. Default: what VASE_ETCD names, else etcd on PATH. */
  binary?: string;
  members?: 1 | 3;
  /** Further flags, without the dashes: { 'max-txn-ops': '6' }. */
  flags?: Record<string, string>;
  /** The folder for data: one in memory makes syncs cheap. Default: the system's folder for temporary files. */
  folder?: string;
}

export interface RealEtcd {
  /** "127.0.0.1:port" of each member. */
  endpoints: readonly string[];
  /** The process ids, for signals; `null` for a member that has ended. */
  pids: readonly (number | null)[];
  /** Kills every member and removes its data. */
  stop(): Promise<void>;
}

export async function startRealEtcd(options: RealEtcdOptions = {}): Promise<RealEtcd> {
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), 'vase-etcd-'));
  const members = await chooseAddresses(options.members ?? 1);
  const output: string[] = [];
  const processes = members.map((member) => {
    const child = spawn(
      options.binary ?? usualEtcd(),
      flagsOf(member, members, folder, options.flags ?? {}),
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    // The end of the log says why a member did not start.
    child.stderr.on('data', (bytes: Buffer) => {
      output.push(bytes.toString());
      if (output.length > 200) output.shift();
    });
    return child;
  });
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(killAndWait));
    await rm(folder, { recursive: true, force: true });
  };
  const endpoints = members.map((member) => member.client);
  try {
    await waitUntilReady(endpoints);
  } catch (error) {
    await stop();
    throw new Error(`etcd did not become ready: ${String(error)}\n${output.join('')}`, { cause: error });
  }
  return {
    endpoints,
    get pids() {
      return processes.map((child) => (isRunning(child) ? (child.pid ?? null) : null));
    },
    stop,
  };
}

function usualEtcd(): string {
  const named = process.env['VASE_ETCD'];
  return named ? programAt(named) : 'etcd';
}

interface Address {
  name: string;
  client: string;
  peer: string;
}

async function chooseAddresses(count: number): Promise<Address[]> {
  const addresses: Address[] = [];
  for (let at = 0; at < count; at++) {
    const client = `127.0.0.1:${await getPort({ host: '127.0.0.1', reserve: true })}`;
    const peer = `127.0.0.1:${await getPort({ host: '127.0.0.1', reserve: true })}`;
    addresses.push({ name: `m${at}`, client, peer });
  }
  return addresses;
}

function flagsOf(
  member: Address,
  members: readonly Address[],
  folder: string,
  extra: Record<string, string>,
): string[] {
  const flags: Record<string, string> = {
    name: member.name,
    'data-dir': join(folder, member.name),
    'listen-client-urls': `http://${member.client}`,
    'advertise-client-urls': `http://${member.client}`,
    'listen-peer-urls': `http://${member.peer}`,
    'initial-advertise-peer-urls': `http://${member.peer}`,
    'initial-cluster': members.map(({ name, peer }) => `${name}=http://${peer}`).join(','),
    'log-level': 'error',
    logger: 'zap',
    ...extra,
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Each attempt itself waits for a connection, so that this loop does not spin. */
async function waitUntilReady(endpoints: readonly string[]): Promise<void> {
  const rpc = new GrpcEtcdRpc();
  const untilMs = performance.now() + readyMsMax;
  try {
    for (const endpoint of endpoints) {
      for (;;) {
        const result = await rpc.call(endpoint, { kind: 'range', key: 'ready' }, { deadlineMs: 2_000 });
        if (result.kind === 'reply') break;
        if (performance.now() > untilMs) throw new Error(`${endpoint}: ${result.kind}: ${result.message}`);
      }
    }
  } finally {
    rpc.close();
  }
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (!isRunning(child) || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
