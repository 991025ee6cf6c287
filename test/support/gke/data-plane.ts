/**
 * The processes behind the pods of the stand-in: real etcd and real sharders on addresses of the loopback network, with
 * the arguments, variables and secrets of the very objects that were applied. A process starts at the first connection.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkout } from './checkout.ts';
import { balancerAddress } from './cloud.ts';
import { type CloudFiles, readBrokenPods } from './cloud-files.ts';
import type { StoredObject } from './stored-object.ts';

export interface Reach {
  objects: readonly StoredObject[];
  pod: string;
  port: number;
}

interface Container {
  command?: string[];
  args?: string[];
  env?: {
    name: string;
    value?: string;
    valueFrom?: { configMapKeyRef?: { name: string; key: string } };
  }[];
  volumeMounts?: { name: string; mountPath: string }[];
}

interface PodSpec {
  containers: Container[];
  volumes?: { name: string; secret?: { secretName: string } }[];
}

const openMsMax = 20_000;
const pollMs = 50;

export class DataPlane {
  private readonly files: CloudFiles;
  private readonly folder: string;
  private readonly etcd: string;
  private readonly pods = new Map<string, ChildProcess>();
  /** Ports that are open, or that a caller waits for. */
  private readonly doors = new Map<string, Promise<void>>();

  constructor(files: CloudFiles, etcd: string) {
    this.files = files;
    this.folder = files.folder;
    this.etcd = etcd;
  }

  /** The address at which the pod's process answers on this port; null when there is no such pod, or it does not run. */
  async reach({ objects, pod, port }: Reach): Promise<string | null> {
    const workload = objects.find(
      ({ kind, metadata }) =>
        (kind === 'StatefulSet' || kind === 'Deployment') && pod.startsWith(`${metadata.name}-`),
    );
    if (workload === undefined || readBrokenPods(this.files).includes(pod)) return null;
    const address = addressOf(pod);
    // A shard of one member needs no other pod; sharders start when their shards run.
    if (workload.kind === 'Deployment') {
      for (const { kind, metadata } of objects)
        if (kind === 'StatefulSet') await this.reach({ objects, pod: `${metadata.name}-0`, port: 2379 });
    }
    if (!this.pods.has(pod)) this.pods.set(pod, this.start({ objects, workload, pod, address }));
    const door = `${address}:${port}`;
    this.doors.set(door, this.doors.get(door) ?? waitForPort({ host: address, port }));
    await this.doors.get(door);
    return address;
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.pods.values()].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
    this.pods.clear();
    this.doors.clear();
    rmSync(join(this.folder, 'secrets'), { recursive: true, force: true });
  }

  private start(pod: {
    objects: readonly StoredObject[];
    workload: StoredObject;
    pod: string;
    address: string;
  }): ChildProcess {
    const spec = pod.workload.spec!.template!.spec as PodSpec;
    const container = spec.containers[0]!;
    const paths = this.mountSecrets(pod.objects, spec, container);
    const log = openSync(join(this.folder, `${pod.pod}.log`), 'a');
    const text = (value: string) => localized(value, { ...pod, paths });
    const env = environmentOf(container, pod, text);
    const data = join(this.folder, 'data', pod.pod);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    if (pod.workload.kind === 'StatefulSet') {
      const args = (container.args ?? []).map((arg) => text(arg).replace('/var/lib/etcd', data));
      return spawn(this.etcd, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
    }
    const [, ...args] = container.command!;
    return spawn(process.execPath, ['--import', join(import.meta.dirname, 'resolve-names.ts'), ...args], {
      cwd: checkout,
      // PATH shows to the user who has run the tests which processes they have left.
      env: { ...env, PATH: process.env['PATH'], VASE_HOST: pod.address, VASE_DRAIN_MS: '0' },
      stdio: ['ignore', log, log],
    });
  }

  /** @returns the local folder for each mounted folder. */
  private mountSecrets(
    objects: readonly StoredObject[],
    spec: PodSpec,
    container: Container,
  ): Map<string, string> {
    const paths = new Map<string, string>();
    for (const { name, mountPath } of container.volumeMounts ?? []) {
      const secretName = spec.volumes?.find((volume) => volume.name === name)?.secret?.secretName;
      if (secretName === undefined) continue;
      const secret = objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === secretName);
      const folder = join(this.folder, 'secrets', secretName);
      for (const [file, base64] of Object.entries((secret?.['data'] ?? {}) as Record<string, string>)) {
        mkdirSync(dirname(join(folder, file)), { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, file), Buffer.from(base64, 'base64'), { mode: 0o600 });
      }
      paths.set(mountPath, folder);
    }
    return paths;
  }
}

/** A value from a field of the pod is the pod's name; a value from a missing ConfigMap is left out. */
function environmentOf(
  { env = [] }: Container,
  { objects, pod, address }: { objects: readonly StoredObject[]; pod: string; address: string },
  text: (value: string) => string,
): Record<string, string> {
  const values = env.flatMap(({ name, value, valueFrom }): [string, string][] => {
    const from = valueFrom?.configMapKeyRef;
    if (from === undefined) return [[name, text(value ?? pod)]];
    const map = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === from.name);
    const found = (map?.['data'] as Record<string, string> | undefined)?.[from.key];
    if (found === undefined) return [];
    return [[name, name === 'ETCD_INITIAL_CLUSTER' ? withAddress(found, address) : text(found)]];
  });
  return Object.fromEntries(values);
}

/** etcd looks up its peers by itself, and no stand-in can answer there. */
function withAddress(text: string, address: string): string {
  return text.replaceAll(/etcd-[0-9]+-[0-9]+\.[a-z0-9.-]+\.svc/g, address);
}

/** Replaces the addresses and folders of a pod by those of this machine; names that only certificates contain stay. */
function localized(
  text: string,
  { pod, address, paths }: { pod: string; address: string; paths: Map<string, string> },
): string {
  let local = text.replaceAll('$(POD_NAME)', pod).replaceAll('0.0.0.0', address);
  for (const [there, here] of paths) local = local.replaceAll(`${there}/`, `${here}/`);
  return local.startsWith('--initial-') ? withAddress(local, address) : local;
}

/** 127.20.<shard>.<member + 1>; sharders have the balancer's address. */
export function addressOf(host: string): string {
  const member = /^etcd-([0-9]+)-([0-9]+)/.exec(host);
  return member === null ? balancerAddress : `127.20.${member[1]}.${Number(member[2]) + 1}`;
}

async function waitForPort(end: { host: string; port: number }): Promise<void> {
  const deadlineMs = performance.now() + openMsMax;
  while (performance.now() < deadlineMs) {
    const socket = connect(end);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(pollMs);
  }
  throw new Error(`${end.host}:${end.port} does not open`);
}
