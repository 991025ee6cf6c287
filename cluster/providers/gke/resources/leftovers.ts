/**
 * What a cluster leaves on Google Cloud after it is destroyed: the members' disks, which are kept on purpose, and balancers,
 * addresses and firewall rules that Kubernetes made and can no longer delete. They are found by the marks that Kubernetes
 * puts on them, without asking the cluster.
 */
import type { Cloud } from './cloud.ts';
import { hoursPerMonth, prices, regionFactor } from './prices.ts';
import { type CloudCommand, commandLine, look } from './resource.ts';
import { type GkeTarget, namesOf } from './target.ts';

export interface Leftover {
  kind: 'disk' | 'load balancer' | 'address' | 'firewall rule';
  name: string;
  /** "10 GiB pd-ssd in europe-west1-b, data-etcd-1-0" */
  detail: string;
  monthlyUsd: number;
  /** A command line that deletes it permanently. */
  remove: string;
}

interface Listed {
  name: string;
  zone?: string;
  region?: string;
  sizeGb?: string;
  type?: string;
  description?: string;
  labels?: Record<string, string>;
  address?: string;
  IPAddress?: string;
}

export const leftoverCommands = {
  disks: ({ project, region }: GkeTarget) =>
    look('compute', 'disks', 'list', `--filter=zone~/${region}-[a-z]$`, `--project=${project}`),
  forwardingRules: ({ project, region }: GkeTarget) =>
    look('compute', 'forwarding-rules', 'list', `--filter=region~/${region}$`, `--project=${project}`),
  addresses: ({ project, region }: GkeTarget) =>
    look('compute', 'addresses', 'list', `--filter=region~/${region}$`, `--project=${project}`),
  firewallRules: (target: GkeTarget) =>
    look(
      'compute',
      'firewall-rules',
      'list',
      `--filter=network~/${namesOf(target).network}$`,
      `--project=${target.project}`,
    ),
};

export async function findLeftovers(target: GkeTarget, cloud: Cloud): Promise<Leftover[]> {
  const list = async (command: CloudCommand) => ((await cloud.look(command)) ?? []) as Listed[];
  const disks = await list(leftoverCommands.disks(target));
  const rules = await list(leftoverCommands.forwardingRules(target));
  const addresses = await list(leftoverCommands.addresses(target));
  const firewall = await list(leftoverCommands.firewallRules(target));
  const own = addresses.filter(
    (address) => address.name === namesOf(target).address || isOfService(address, target),
  );
  return [
    ...disks.filter((disk) => isOfVolume(disk, target)).map((disk) => describeDisk(target, disk)),
    ...rules.filter((rule) => isOfService(rule, target)).map((rule) => describeRule(target, rule)),
    ...own.map((address) => describeAddress(target, address)),
    ...firewall.map((rule) => describeFirewallRule(target, rule)),
  ];
}

/** The disk driver writes the claim into the disk's description, as JSON, and the cluster's name into a label. */
function isOfVolume({ description, labels }: Listed, target: GkeTarget): boolean {
  const marks = parseMarks(description);
  const cluster = labels?.['goog-k8s-cluster-name'];
  return (
    marks['kubernetes.io/created-for/pvc/namespace'] === target.name &&
    (cluster === undefined || cluster === namesOf(target).cluster)
  );
}

/** The balancer's parts carry "namespace/service" in their description, as JSON. */
function isOfService({ description }: Listed, target: GkeTarget): boolean {
  const marks = parseMarks(description);
  const service = marks['kubernetes.io/service-name'] ?? marks['networking.gke.io/service-name'] ?? '';
  return service.startsWith(`${target.name}/`);
}

function parseMarks(description: string | undefined): Record<string, string> {
  try {
    return (JSON.parse(description ?? '{}') ?? {}) as Record<string, string>;
  } catch {
    return {};
  }
}

function describeDisk(target: GkeTarget, { name, zone, sizeGb, type, description }: Listed): Leftover {
  const place = lastPart(zone);
  const size = Number(sizeGb ?? 0);
  const claim = parseMarks(description)['kubernetes.io/created-for/pvc/name'] ?? 'no claim';
  return {
    kind: 'disk',
    name,
    detail: `${size} GiB ${lastPart(type)} in ${place}, ${claim}`,
    monthlyUsd: size * prices.ssdGiBMonth * (regionFactor(target.region) ?? 1),
    remove: deletion(target, ['disks', 'delete', name, `--zone=${place}`]),
  };
}

function describeRule(target: GkeTarget, { name, IPAddress }: Listed): Leftover {
  return {
    kind: 'load balancer',
    name,
    detail: `forwarding rule at ${IPAddress ?? 'no address'}`,
    monthlyUsd: prices.forwardingRuleHour * hoursPerMonth,
    remove: deletion(target, ['forwarding-rules', 'delete', name, `--region=${target.region}`]),
  };
}

function describeAddress(target: GkeTarget, { name, address }: Listed): Leftover {
  return {
    kind: 'address',
    name,
    detail: address ?? 'no address',
    monthlyUsd: prices.addressHour * hoursPerMonth,
    remove: deletion(target, ['addresses', 'delete', name, `--region=${target.region}`]),
  };
}

function describeFirewallRule(target: GkeTarget, { name }: Listed): Leftover {
  return {
    kind: 'firewall rule',
    name,
    detail: `of network ${namesOf(target).network}`,
    monthlyUsd: 0,
    remove: deletion(target, ['firewall-rules', 'delete', name]),
  };
}

function deletion({ project }: GkeTarget, args: string[]): string {
  return commandLine({
    program: 'gcloud',
    args: ['compute', ...args, `--project=${project}`],
    timeoutMs: 0,
  });
}

/** "europe-west1-b" of "https://…/zones/europe-west1-b" */
function lastPart(url: string | undefined): string {
  return url?.slice(url.lastIndexOf('/') + 1) ?? 'unknown';
}
