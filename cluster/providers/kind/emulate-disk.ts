/**
 * The emulated disk of etcd's pods in kind: the control group of each pod, inside the container that is its node, caps the
 * pod's use of the node's disk at the speed of the emulated disk. A pod that is made anew has a new group, so every `up`
 * sets the caps again. Where the machine cannot set them, nothing fails and the answer says so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskProfile } from '../../disk/disk-profile.ts';
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';

/** Writing into some hundred files takes milliseconds; `docker exec` on a busy machine takes a second or two. */
const execTimeoutMs = 60_000;

/** The comment in the script says what it takes and prints. */
const script = join(import.meta.dirname, 'emulate-disk.sh');

/** Where a node of kind keeps everything that it writes, the volumes of its pods too. */
const nodeData = '/var';

export interface PodPlace {
  /** The pod's name: "etcd-1-0". */
  name: string;
  uid: string;
  /** The pod's Kubernetes node, which in kind is the name of a container. */
  node: string;
}

/** A pod whose caps are wrong. */
export interface UncappedPod {
  name: string;
  /** The second half of a sentence. */
  why: string;
}

/**
 * Caps the disk of these pods, or takes their caps off; leaves pods alone whose caps are right.
 * @param disk null takes the caps off.
 * @returns the pods for which it did not work.
 */
export function emulateDisks(
  pods: readonly PodPlace[],
  disk: DiskProfile | null,
  options: { signal?: AbortSignal } = {},
): Promise<UncappedPod[]> {
  return runOnNodes('set', pods, disk, options);
}

/** The pods without the caps of this disk, or, where it is null, the pods with any. Changes nothing. */
export function findUncapped(
  pods: readonly PodPlace[],
  disk: DiskProfile | null,
  options: { signal?: AbortSignal } = {},
): Promise<UncappedPod[]> {
  return runOnNodes('check', pods, disk, options);
}

async function runOnNodes(
  mode: 'set' | 'check',
  pods: readonly PodPlace[],
  disk: DiskProfile | null,
  { signal }: { signal?: AbortSignal },
): Promise<UncappedPod[]> {
  const nodes = new Set(pods.map(({ node }) => node));
  const found = await Promise.all(
    [...nodes].map(async (node) => {
      const own = pods.filter((pod) => pod.node === node);
      const figures = disk === null ? ['0', '0'] : [String(disk.iops), String(disk.bytesPerSecond)];
      const args = [mode, nodeData, ...figures, ...own.map(({ uid }) => uid)];
      const why = reasons(await runScript(node, args, signal));
      return own.flatMap(({ name, uid }) => {
        const reason = why(uid);
        return reason === null ? [] : [{ name, why: reason }];
      });
    }),
  );
  return found.flat();
}

/** The output of the script; a sentence of Docker's where the node does not answer. */
async function runScript(
  node: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    const options = {
      input: readFileSync(script, 'utf8'),
      timeoutMs: execTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    };
    return (await runCommand('docker', ['exec', '-i', node, 'sh', '-s', ...args], options)).stdout;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    return `* ${error.output.trim().split('\n')[0] || error.message}`;
  }
}

/** Returns, by a pod's uid, why its caps are wrong; null where they are right. */
function reasons(output: string): (uid: string) => string | null {
  const lines = new Map(
    output
      .split('\n')
      .filter((line) => line.includes(' '))
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(' ')),
        line.slice(line.indexOf(' ') + 1).trim(),
      ]),
  );
  return (uid) => {
    const said = lines.get(uid) ?? lines.get('*') ?? 'its node said nothing of it';
    return said === 'ok' ? null : said;
  };
}
