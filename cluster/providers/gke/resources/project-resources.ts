/** What the project itself needs: the APIs, a network of its own, and an account with few rights for the nodes. */
import { change, type CloudCommand, type CloudResource, look, thereWhenAny } from './resource.ts';
import { type GkeTarget, namesOf } from './target.ts';

export const apis = {
  iam: 'iam.googleapis.com',
  compute: 'compute.googleapis.com',
  registry: 'artifactregistry.googleapis.com',
  container: 'container.googleapis.com',
} as const;

const minute = 60_000;
/** For nodes and internal balancers of one region; GKE gives pods and services ranges of their own. */
const subnetRange = '10.20.0.0/20';
/** What a node must do: write logs and metrics. */
const nodeRole = 'roles/container.defaultNodeServiceAccount';
export const readerRole = 'roles/artifactregistry.reader';

export function listApis({ project }: GkeTarget): CloudCommand {
  return look('services', 'list', '--enabled', `--project=${project}`);
}

/** Names of the enabled APIs in what `listApis` printed. */
export function enabledApis(listed: unknown): Set<string> {
  const services = (listed ?? []) as { config?: { name?: string } }[];
  return new Set(services.flatMap(({ config }) => config?.name ?? []));
}

export function apiResource(target: GkeTarget): CloudResource {
  const needed = Object.values(apis);
  return {
    id: 'apis',
    title: `APIs ${needed.map((api) => api.split('.')[0]).join(', ')}`,
    api: null,
    describe: listApis(target),
    judge: (listed) => {
      const enabled = enabledApis(listed);
      return { kind: needed.every((api) => enabled.has(api)) ? 'there' : 'missing' };
    },
    create: [change(5 * minute, 'services', 'enable', ...needed, `--project=${target.project}`)],
    // Other parts of the project may use them by now, and an enabled API costs nothing.
    remove: [],
  };
}

export function networkResources(target: GkeTarget): CloudResource[] {
  const { network } = namesOf(target);
  const project = `--project=${target.project}`;
  const region = `--region=${target.region}`;
  return [
    {
      id: 'network',
      title: `network ${network}`,
      api: apis.compute,
      describe: look('compute', 'networks', 'describe', network, project),
      judge: thereWhenAny,
      create: [change(3 * minute, 'compute', 'networks', 'create', network, '--subnet-mode=custom', project)],
      remove: [change(3 * minute, 'compute', 'networks', 'delete', network, project)],
    },
    {
      id: 'subnet',
      title: `subnet ${network}, ${subnetRange}, no way out but to Google's own services`,
      api: apis.compute,
      describe: look('compute', 'networks', 'subnets', 'describe', network, region, project),
      judge: thereWhenAny,
      create: [
        change(
          3 * minute,
          'compute',
          'networks',
          'subnets',
          'create',
          network,
          `--network=${network}`,
          region,
          `--range=${subnetRange}`,
          '--enable-private-ip-google-access',
          project,
        ),
      ],
      remove: [change(3 * minute, 'compute', 'networks', 'subnets', 'delete', network, region, project)],
    },
  ];
}

export function nodeAccountResources(target: GkeTarget): CloudResource[] {
  const { nodeAccount, nodeAccountEmail } = namesOf(target);
  const project = `--project=${target.project}`;
  const member = `serviceAccount:${nodeAccountEmail}`;
  const binding = [target.project, `--member=${member}`, `--role=${nodeRole}`];
  return [
    {
      id: 'node-account',
      title: `service account ${nodeAccount} for the nodes, without keys`,
      api: apis.iam,
      describe: look('iam', 'service-accounts', 'describe', nodeAccountEmail, project),
      judge: thereWhenAny,
      create: [
        change(
          minute,
          'iam',
          'service-accounts',
          'create',
          nodeAccount,
          `--display-name=Nodes of ${target.name} in ${target.region}`,
          project,
        ),
      ],
      remove: [change(minute, 'iam', 'service-accounts', 'delete', nodeAccountEmail, project)],
    },
    {
      id: 'node-role',
      title: `the nodes' account has ${nodeRole}`,
      api: apis.iam,
      describe: look('projects', 'get-iam-policy', target.project, ...bindingFilter(member, nodeRole)),
      judge: thereWhenAny,
      create: [change(minute, 'projects', 'add-iam-policy-binding', ...binding, '--condition=None')],
      remove: [change(minute, 'projects', 'remove-iam-policy-binding', ...binding, '--condition=None')],
    },
  ];
}

/** Keeps only the lines of a policy that give this member this role. */
export function bindingFilter(member: string, role: string): string[] {
  return [
    '--flatten=bindings[].members',
    `--filter=bindings.role="${role}" AND bindings.members="${member}"`,
  ];
}
