/**
 * What a kind cluster needs before it is made, each with one way to mend its lack. Nothing is changed. Checks that explain
 * later faults come first: without Docker nothing else can be asked.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import type { Finding } from '../doctor.ts';
import { ClusterError } from '../../errors.ts';
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';
import { describePortHolder, isPortFree } from '../../host/ports.ts';
import type { KindProfile } from './kind-state.ts';

export interface PreflightNeeds {
  profile: KindProfile;
  nodeImage: string;
  /** Ports of 127.0.0.1 that the nodes will take; none where the cluster exists already. */
  ports: readonly number[];
  /** Left out: the need of a cluster with a little data. */
  diskFreeBytesMin?: number;
}

const askMsMax = 20_000;
const gibibyte = 1024 ** 3;
/** The node's image, what runs in it, and nine members with a little data. */
const diskFreeBytes = 5 * gibibyte;
/** The version that kind requires: older ones do not know `--config -` with labels, or today's node images. */
const kindVersionMin = [0, 20] as const;
const dockerVersionMin = [20, 10] as const;
/** From 1.35 on, kubelet refuses to start on version 1 of control groups. */
const cgroup2KubernetesMin = [1, 35] as const;
/** Each node runs systemd, kubelet and containerd, which watch files: kind's own notes on "too many open files". */
const inotifyMin = {
  small: { instances: 128, watches: 65_536 },
  zones: { instances: 512, watches: 262_144 },
};

const withoutDocker = 'or do without: `make up PROVIDER=local`';

const good = (what: string): Finding => ({ grade: 'good', what, fix: null });
const fault = (what: string, fix: string): Finding => ({ grade: 'fault', what, fix });

/** @throws ClusterError with the first fault. */
export async function demandPreflight(needs: PreflightNeeds): Promise<string> {
  const findings = await examineForKind(needs);
  const found = findings.find(({ grade }) => grade === 'fault');
  if (found !== undefined) throw new ClusterError(found.what, { nextStep: found.fix! });
  return findings
    .slice(0, 2)
    .map(({ what }) => what)
    .join(', ');
}

/** One finding for each check; the checks that need Docker are left out where it does not answer. */
export async function examineForKind(needs: PreflightNeeds): Promise<Finding[]> {
  const docker = await checkDocker();
  if (docker.grade === 'fault') return [docker];
  return [
    docker,
    await checkKind(),
    ...(await checkEngine(needs)),
    ...checkInotify(needs),
    ...(await checkPorts(needs)),
  ];
}

async function checkDocker(): Promise<Finding> {
  try {
    const { stdout } = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], {
      timeoutMs: askMsMax,
    });
    const version = stdout.trim();
    if (isAtLeast(version, dockerVersionMin)) return good(`Docker ${version}`);
    return fault(
      `Docker ${version} is too old`,
      `Install Docker ${dockerVersionMin.join('.')} or newer, ${withoutDocker}.`,
    );
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (isMissing(error))
      return fault(
        'docker is not installed',
        `Install it (https://docs.docker.com/engine/install/), ${withoutDocker}.`,
      );
    const host = process.env['DOCKER_HOST'];
    const where = host === undefined || host === '' ? '' : ` at DOCKER_HOST=${host}`;
    return fault(
      `Docker does not answer${where}: ${lastLine(error)}`,
      host
        ? `Correct or unset DOCKER_HOST, ${withoutDocker}.`
        : `Start it (\`sudo systemctl start docker\`, or Docker Desktop), ${withoutDocker}.`,
    );
  }
}

async function checkKind(): Promise<Finding> {
  try {
    const { stdout } = await runCommand('kind', ['version', '--quiet'], { timeoutMs: askMsMax });
    const version = stdout.trim().replace(/^v/, '');
    if (isAtLeast(version, kindVersionMin)) return good(`kind ${version}`);
    return fault(
      `kind ${version} is too old`,
      `Install kind ${kindVersionMin.join('.')} or newer, ${withoutDocker}.`,
    );
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (isMissing(error))
      return fault(
        'kind is not installed',
        `Install it (https://kind.sigs.k8s.io/docs/user/quick-start/), ${withoutDocker}.`,
      );
    return fault(`kind does not answer: ${lastLine(error)}`, `Install it anew, ${withoutDocker}.`);
  }
}

async function checkEngine(needs: PreflightNeeds): Promise<Finding[]> {
  const format = '{{.CgroupVersion}}\t{{.DockerRootDir}}';
  const { stdout } = await runCommand('docker', ['info', '--format', format], { timeoutMs: askMsMax });
  const [groups = '', folder = ''] = stdout.trim().split('\t');
  return [checkControlGroups(groups, needs), ...checkDisk(folder, needs)];
}

function checkControlGroups(version: string, { nodeImage }: PreflightNeeds): Finding {
  const kubernetes = /:v?(\d+\.\d+)/.exec(nodeImage)?.[1];
  if (version === '1' && kubernetes !== undefined && isAtLeast(kubernetes, cgroup2KubernetesMin))
    return fault(
      `Kubernetes ${kubernetes} (${nodeImage}) does not start on version 1 of control groups, which Docker has here`,
      'Take an older one, VASE_NODE_IMAGE=kindest/node:v1.34.0, or a system with version 2 of control groups.',
    );
  return good(`control groups version ${version}`);
}

/** Where Docker runs in a virtual machine, its folder is not on this machine, and its disk cannot be seen. */
function checkDisk(folder: string, { diskFreeBytesMin = diskFreeBytes }: PreflightNeeds): Finding[] {
  if (!existsSync(folder)) return [];
  const disk = statfsSync(folder);
  const freeBytes = disk.bavail * disk.bsize;
  const free = `${(freeBytes / gibibyte).toFixed(1)} GiB free for Docker in ${folder}`;
  if (freeBytes >= diskFreeBytesMin) return [good(free)];
  return [
    fault(
      `only ${free}; a kind cluster takes ${(diskFreeBytesMin / gibibyte).toFixed(1)} GiB`,
      'Free some: `docker system prune` removes what no container uses.',
    ),
  ];
}

function checkInotify({ profile }: PreflightNeeds): Finding[] {
  const folder = '/proc/sys/fs/inotify';
  if (!existsSync(folder)) return [];
  return (['instances', 'watches'] as const).map((what) => {
    const name = `max_user_${what}`;
    const limit = Number(readFileSync(`${folder}/${name}`, 'utf8'));
    const min = inotifyMin[profile][what];
    if (limit >= min) return good(`fs.inotify.${name} is ${limit}`);
    return fault(
      `fs.inotify.${name} is ${limit}; the nodes of profile ${profile} take ${min}`,
      `\`sudo sysctl fs.inotify.${name}=${min}\`.`,
    );
  });
}

async function checkPorts({ ports }: PreflightNeeds): Promise<Finding[]> {
  return Promise.all(
    ports.map(async (port) =>
      (await isPortFree(port))
        ? good(`port ${port} is free`)
        : fault(
            `port ${port} is taken by ${await describePortHolder(port)}`,
            'Stop that, or use another port: `make up PORT=5001`.',
          ),
    ),
  );
}

function isMissing({ cause }: CommandError): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, hasMajor, hasMinor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (hasMajor === undefined) return false;
  return Number(hasMajor) > major || (Number(hasMajor) === major && Number(hasMinor) >= minor);
}

function lastLine({ output, message }: CommandError): string {
  return (output.trim() || message).split('\n').at(-1)!.slice(0, 300);
}
