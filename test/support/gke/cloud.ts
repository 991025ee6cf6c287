/**
 * The parts of Google Cloud that the flow for GKE needs. Answers come from a table; a command that is not in the table is
 * refused, as gcloud refuses it.
 */
import {
  type CloudFiles,
  type CloudState,
  type Failure,
  readCloud,
  readJson,
  recordCommand,
  writeJson,
} from './cloud-files.ts';

/** Where the stand-in's users reach the store, whatever the balancer is. */
export const balancerAddress = '127.20.0.1';
const project = 'my-project';
const region = 'europe-west1';

export interface Reply {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const printed = (value: unknown): Reply => ({ exitCode: 0, stdout: JSON.stringify(value), stderr: '' });
const done: Reply = { exitCode: 0, stdout: '', stderr: '' };
const failed = (stderr: string, exitCode = 1): Reply => ({
  exitCode,
  stdout: '',
  stderr: `ERROR: ${stderr}\n`,
});

/** Runs one command and records it. */
export function answer(files: CloudFiles, { program, args }: { program: string; args: string[] }): Reply {
  const reply = failureOf(files, args) ?? decide(files, { program, args });
  recordCommand(files, { program, args, exitCode: reply.exitCode });
  return reply;
}

function failureOf({ failures }: CloudFiles, args: string[]): Reply | null {
  const list = readJson<Failure[]>(failures, []);
  const failure = list.find(({ match, times }) => times > 0 && args.join(' ').includes(match));
  if (failure === undefined) return null;
  failure.times -= 1;
  writeJson(failures, list);
  return failed(failure.stderr);
}

function decide(files: CloudFiles, { program, args }: { program: string; args: string[] }): Reply {
  const state = readCloud(files);
  const reply = program === 'docker' ? docker(state, args) : gcloud(files, { state, args });
  writeJson(files.state, state);
  return reply;
}

function docker(state: CloudState, args: string[]): Reply {
  const image = args.at(-1)!;
  switch (args[0]) {
    case 'image':
      return state.there.includes(`local ${image}`) ? done : failed(`No such image: ${image}`);
    case 'build':
      state.there.push(`local ${args[args.indexOf('--tag') + 1]}`);
      return done;
    case 'context':
      return { exitCode: 0, stdout: 'unix:///var/run/docker.sock\n', stderr: '' };
    case 'push':
      if (!state.there.includes(`local ${image}`)) return failed(`An image does not exist locally: ${image}`);
      state.there.push(`pushed ${image}`);
      return done;
    default:
      return failed(`docker: '${args[0]}' is not a docker command.`);
  }
}

interface Asking {
  state: CloudState;
  /** The words before the first flag. */
  words: string[];
  flags: Map<string, string>;
  files: CloudFiles;
}

function gcloud(files: CloudFiles, { state, args }: { state: CloudState; args: string[] }): Reply {
  const words = args.filter((arg) => !arg.startsWith('--'));
  const flags = new Map(
    args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split(/=(.*)/s, 2) as [string, string]),
  );
  const asking = { state, words, flags, files };
  const wrongProject = flags.get('--project') ?? project;
  if (state.account !== null && wrongProject !== project)
    return failed(`PERMISSION_DENIED: project ${wrongProject}`);
  for (const [command, handle] of Object.entries(table)) {
    const parts = command.split(' ');
    if (parts.every((part, index) => words[index] === part))
      return handle({ ...asking, words: words.slice(parts.length) });
  }
  return failed(`(gcloud) Invalid choice: '${words.join(' ')}'.`, 2);
}

const has = (state: CloudState, name: string) => state.there.includes(name);

function thing(noun: string, describe: (name: string, asking: Asking) => unknown = (name) => ({ name })) {
  const missing = (name: string) => failed(`NOT_FOUND: ${noun} ${name} was not found`);
  return {
    describe: (asking: Asking) => {
      const [name] = asking.words as [string];
      return has(asking.state, `${noun} ${name}`) ? printed(describe(name, asking)) : missing(name);
    },
    create: ({ state, words: [name] }: Asking) => {
      if (has(state, `${noun} ${name}`)) return failed(`ALREADY_EXISTS: ${noun} ${name}`);
      state.there.push(`${noun} ${name}`);
      return done;
    },
    remove: ({ state, words: [name] }: Asking) => {
      if (!has(state, `${noun} ${name}`)) return missing(name!);
      state.there = state.there.filter((known) => known !== `${noun} ${name}`);
      return done;
    },
  };
}

function binding(place: string) {
  const nameOf = ({ words, flags }: Asking) => {
    const filter = /bindings\.role="([^"]+)" AND bindings\.members="([^"]+)"/.exec(
      flags.get('--filter') ?? '',
    );
    return `${place} ${words[0]} ${filter?.[1] ?? flags.get('--role')} ${filter?.[2] ?? flags.get('--member')}`;
  };
  return {
    list: (asking: Asking) => printed(has(asking.state, nameOf(asking)) ? [{ bindings: {} }] : []),
    add: (asking: Asking) => {
      asking.state.there.push(nameOf(asking));
      return done;
    },
    remove: (asking: Asking) => {
      asking.state.there = asking.state.there.filter((known) => known !== nameOf(asking));
      return done;
    },
  };
}

const network = thing('network');
const subnet = thing('subnet');
const account = thing('account');
const repository = thing('repository');
const address = thing('address', (name) => ({ name, address: balancerAddress }));
const cluster = thing('cluster', (name, { state }) => ({ name, ...healthyCluster, ...state.cluster }));
const projectBinding = binding('project');
const repositoryBinding = binding('binding');

const healthyCluster = {
  status: 'RUNNING',
  workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
  networkConfig: { datapathProvider: 'ADVANCED_DATAPATH' },
  autoscaling: {
    enableNodeAutoprovisioning: true,
    resourceLimits: [
      { resourceType: 'cpu', maximum: '1000' },
      { resourceType: 'memory', maximum: '4000' },
    ],
  },
};

/** By the words of the command; the other words are its names. */
const table: Record<string, (asking: Asking) => Reply> = {
  version: () => printed({ 'Google Cloud SDK': '528.0.0' }),
  'auth list': ({ state }) =>
    printed(state.account === null ? [] : [{ account: state.account, status: 'ACTIVE' }]),
  'auth configure-docker': () => done,
  'projects describe': ({ words: [id] }) =>
    id === project
      ? printed({ projectId: id, lifecycleState: 'ACTIVE' })
      : failed(`PERMISSION_DENIED: ${id} or it may not exist`),
  'billing projects describe': () => printed({ billingEnabled: true }),
  'projects get-iam-policy': projectBinding.list,
  'projects add-iam-policy-binding': projectBinding.add,
  'projects remove-iam-policy-binding': projectBinding.remove,
  'services list': ({ state }) =>
    printed(
      state.there
        .filter((name) => name.startsWith('api '))
        .map((name) => ({ config: { name: name.slice(4) } })),
    ),
  'services enable': ({ state, words }) => {
    for (const api of words) if (!has(state, `api ${api}`)) state.there.push(`api ${api}`);
    return done;
  },
  'compute regions describe': ({ state, words: [name] }) =>
    name === region
      ? printed({ name, quotas: state.quotas })
      : failed(`The resource 'regions/${name}' was not found`),
  'compute networks subnets describe': subnet.describe,
  'compute networks subnets create': subnet.create,
  'compute networks subnets delete': subnet.remove,
  'compute networks describe': network.describe,
  'compute networks create': network.create,
  'compute networks delete': network.remove,
  'compute addresses describe': address.describe,
  'compute addresses create': address.create,
  'compute addresses delete': address.remove,
  'compute addresses list': ({ state }) =>
    printed(
      state.there
        .filter((name) => name.startsWith('address '))
        .map((name) => ({ name: name.slice(8), address: balancerAddress })),
    ),
  'compute disks list': ({ state, files }) => printed([...state.disks, ...disksOf(files)]),
  'compute forwarding-rules list': ({ files }) => printed(balancersOf(files)),
  'compute firewall-rules list': () => printed([]),
  'iam service-accounts describe': account.describe,
  'iam service-accounts create': ({ state, words: [name] }) => {
    state.there.push(`account ${name}@${project}.iam.gserviceaccount.com`);
    return done;
  },
  'iam service-accounts delete': account.remove,
  'artifacts repositories describe': repository.describe,
  'artifacts repositories create': repository.create,
  'artifacts repositories delete': repository.remove,
  'artifacts repositories get-iam-policy': repositoryBinding.list,
  'artifacts repositories add-iam-policy-binding': repositoryBinding.add,
  'artifacts docker images describe': ({ state, words: [image] }) =>
    has(state, `pushed ${image}`)
      ? printed({ image_summary: { digest: `sha256:${'0123456789abcdef'.repeat(4)}` } })
      : failed(`Image not found. ${image}`),
  'container clusters describe': cluster.describe,
  'container clusters create': cluster.create,
  'container clusters update': ({ state }) => {
    state.cluster = {};
    return done;
  },
  'container clusters delete': (asking) => {
    asking.state.disks.push(...disksOf(asking.files));
    writeJson(asking.files.objects, {});
    return cluster.remove(asking);
  },
  'container clusters get-credentials': getCredentials,
  'container operations list': ({ state }) =>
    printed(state.cluster['status'] === undefined ? [] : [{ name: 'operation-1' }]),
  'container operations wait': ({ state }) => {
    state.cluster = {};
    return done;
  },
};

function getCredentials({ words: [name], flags }: Asking): Reply {
  const context = `gke_${flags.get('--project')}_${flags.get('--region')}_${name}`;
  const file = process.env['KUBECONFIG'];
  const server = process.env['STAND_IN_API'];
  if (file === undefined || server === undefined) return failed('KUBECONFIG or STAND_IN_API is not set');
  const entry = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: context, user: {} }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
  };
  // JSON is YAML too.
  writeJson(file, entry);
  return done;
}

interface StoredObject {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: { replicas?: number; volumeClaimTemplates?: unknown[] };
}

const objectsIn = ({ objects }: CloudFiles) =>
  Object.values(readJson<Record<string, StoredObject>>(objects, {}));

/** One disk for each member, with the marks of the disk driver. */
function disksOf(files: CloudFiles): object[] {
  return objectsIn(files)
    .filter(({ kind }) => kind === 'StatefulSet')
    .flatMap(({ metadata, spec }) =>
      Array.from({ length: spec?.replicas ?? 1 }, (_, index) => ({
        name: `pvc-${metadata.name}-${index}`,
        zone: `https://compute.googleapis.com/zones/${region}-b`,
        type: `https://compute.googleapis.com/diskTypes/pd-ssd`,
        sizeGb: '10',
        description: JSON.stringify({
          'kubernetes.io/created-for/pvc/name': `data-${metadata.name}-${index}`,
          'kubernetes.io/created-for/pvc/namespace': metadata.namespace,
          'storage.gke.io/created-by': 'pd.csi.storage.gke.io',
        }),
      })),
    );
}

function balancersOf(files: CloudFiles): object[] {
  return objectsIn(files)
    .filter(({ kind, metadata }) => kind === 'Service' && metadata.name === 'sharder-endpoint')
    .map(({ metadata }) => ({
      name: 'a1b2c3',
      IPAddress: balancerAddress,
      description: JSON.stringify({ 'kubernetes.io/service-name': `${metadata.namespace}/${metadata.name}` }),
    }));
}
