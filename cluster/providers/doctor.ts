/**
 * Checks of the machine: what Vase needs, whether it is there, and what to do when it is missing. The checks do not depend
 * on each other, and none changes anything.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { ClusterError } from '../errors.ts';
import { chooseEtcd } from '../etcd/choose-etcd.ts';
import {
  findClusterEtcd,
  otherForNew,
  refuseOtherNamed,
  wayToAnother,
  type ClusterEtcd,
} from '../etcd/cluster-etcd.ts';
import { describeDataBugs } from '../etcd/data-bugs.ts';
import { etcdSearch, type EtcdSearch } from '../etcd/etcd-binary.ts';
import { defaultMinor } from '../etcd/releases.ts';
import { describePortHolder, isPortFree } from '../host/ports.ts';
import { stateFolder } from '../state/state-folder.ts';
import { CommandError } from '../host/command-error.ts';
import { runCommand } from '../host/run-command.ts';

export interface Finding {
  /** `note`: works, with something to know. `fault`: will not work until it is fixed. */
  grade: 'good' | 'note' | 'fault';
  what: string;
  fix: string | null;
}

export interface Machine {
  stateRoot: string;
  binaries: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** The public port. */
  port: number;
  /** Where our own cluster runs; null when it does not. */
  endpoint: string | null;
  /** The etcd with which our own cluster starts its members; null when there is no cluster, or an image decides. */
  etcd: ClusterEtcd | null;
}

const nodeVersionMin = 24;
/** Nine members with empty databases, their logs and snapshots. */
const diskFreeBytesMin = 2 * 1024 ** 3;
/** A member takes 30 to 60 MiB when idle, a sharder some 80 MiB. */
const memoryBytesMin = 2 * 1024 ** 3;
/** Connections of 500 users, peers and clients, with room. */
const openFilesMin = 4096;
/** A kind cluster's kubelets and watchers. */
const inotifyInstancesMin = 512;
const askTimeoutMs = 10_000;

const good = (what: string): Finding => ({ grade: 'good', what, fix: null });
const note = (what: string, fix: string | null = null): Finding => ({ grade: 'note', what, fix });
const fault = (what: string, fix: string): Finding => ({ grade: 'fault', what, fix });

/** One finding per check, in a fixed order. */
export async function examineMachine(machine: Machine): Promise<Finding[]> {
  const checks = [
    checkNode,
    checkEtcd,
    checkPort,
    checkDisk,
    checkMemory,
    checkOpenFiles,
    checkInotify,
    checkControlGroups,
    checkKind,
  ];
  return Promise.all(checks.map(async (check) => check(machine)));
}

function checkNode(): Finding {
  const { version } = process;
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= nodeVersionMin) return good(`Node.js ${version}`);
  return fault(
    `Node.js ${version} is too old: Vase needs ${nodeVersionMin}`,
    'Run through `make`, which takes the Node.js in node_modules, after `npm ci`.',
  );
}

async function checkEtcd(machine: Machine): Promise<Finding> {
  const search = etcdSearch(machine);
  try {
    if (machine.etcd !== null) return await checkClusterEtcd(machine.etcd, search);
    const choice = await chooseEtcd(search);
    const { binary, passedOver } = choice;
    const others = passedOver.map((reason) => ` (passed over: ${reason})`).join('');
    if (binary === null)
      return note(
        `no etcd is there that is supported and without known faults${others}`,
        `\`make up\` fetches etcd ${defaultMinor}, or builds it with Go in a minute or two, once; \`vase etcd default\` does so now.`,
      );
    const what = `etcd ${binary.version} at ${binary.path}: ${choice.why}`;
    const bugs = describeDataBugs(binary.version);
    return bugs === null
      ? good(what)
      : note(`${what}: ${bugs}`, `\`vase etcd ${defaultMinor}\` gets one without them.`);
  } catch (error) {
    if (error instanceof ClusterError) return fault(error.message, error.nextStep!);
    throw error;
  }
}

async function checkClusterEtcd(etcd: ClusterEtcd, search: EtcdSearch): Promise<Finding> {
  const { path, version } = await findClusterEtcd(etcd, search, null);
  await refuseOtherNamed(version, search);
  const other = await otherForNew({ path, version }, search);
  const what = other ?? `etcd ${version} at ${path}, as the cluster runs it`;
  const bugs = describeDataBugs(version);
  if (bugs !== null) return note(`${what}${other === null ? ': ' : ' '}${bugs}`, wayToAnother);
  return other === null ? good(what) : note(what);
}

async function checkPort({ port, endpoint }: Machine): Promise<Finding> {
  if (endpoint !== null) return good(`the store runs at ${endpoint}`);
  if (await isPortFree(port)) return good(`port ${port} is free`);
  return fault(
    `port ${port} is taken by ${await describePortHolder(port)}`,
    'Stop that, or use another port: `make up PORT=5001`.',
  );
}

function checkDisk({ stateRoot }: Machine): Finding {
  let folder = stateFolder(stateRoot).root;
  while (!existsSync(folder)) folder = dirname(folder);
  const disk = statfsSync(folder);
  const freeBytes = disk.bavail * disk.bsize;
  const what = `${gibibytes(freeBytes)} GiB free for ${stateRoot}`;
  if (freeBytes >= diskFreeBytesMin) return good(what);
  return fault(what, 'Free some space, or set VASE_STATE to a folder on a larger disk.');
}

function checkMemory(): Finding {
  const what = `${gibibytes(totalmem())} GiB of memory`;
  if (totalmem() >= memoryBytesMin) return good(what);
  return note(what, 'Use fewer processes: `make up SHARDS=1 MEMBERS=1 SHARDERS=1`.');
}

async function checkOpenFiles(): Promise<Finding> {
  const { stdout } = await runCommand('sh', ['-c', 'ulimit -n'], { timeoutMs: askTimeoutMs });
  const limit = stdout.trim();
  if (limit === 'unlimited' || Number(limit) >= openFilesMin) return good(`${limit} open files allowed`);
  return note(
    `only ${limit} open files allowed`,
    `Run \`ulimit -n ${openFilesMin}\` in this shell before \`make up\`.`,
  );
}

function checkInotify(): Finding {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  if (!existsSync(file)) return good('no inotify limits on this system');
  const instances = Number(readFileSync(file, 'utf8'));
  if (instances >= inotifyInstancesMin) return good(`${instances} inotify instances allowed`);
  return note(
    `${instances} inotify instances allowed: enough for local processes, few for kind`,
    `For kind: \`sudo sysctl fs.inotify.max_user_instances=${inotifyInstancesMin}\`.`,
  );
}

function checkControlGroups(): Finding {
  const root = '/sys/fs/cgroup';
  if (existsSync(join(root, 'cgroup.controllers'))) return good('control groups version 2');
  if (existsSync(join(root, 'cpu'))) return good('control groups version 1');
  return note('no control groups: resource limits are not enforced');
}

async function checkKind(): Promise<Finding> {
  const tools = await Promise.all([hasCommand('docker', ['version']), hasCommand('kind', ['version'])]);
  if (tools.every(Boolean)) return good('docker and kind answer');
  const missing = ['docker', 'kind'].filter((_, index) => !tools[index]);
  return note(`${missing.join(' and ')} cannot be used; local processes need neither`);
}

async function hasCommand(command: string, args: string[]): Promise<boolean> {
  try {
    await runCommand(command, args, { timeoutMs: askTimeoutMs });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
