/**
 * What the view server's account may ask of Kubernetes: tried in earnest, by its own pod with its own token. What would
 * change something names nothing that is there and is a dry run besides, so that a role which allows too much does no harm.
 */
import { viewServerName } from '../../cluster/manifests/names.ts';
import { identityName } from '../../cluster/manifests/shard-identity.ts';
import type { KindCommand } from './kind-machine.ts';

/** "GET /api/v1/nodes" */
type Attempt = string;

const nobody = 'nobody?dryRun=All';
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const made = (namespace: string) => [
  `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  `/api/v1/namespaces/${namespace}/services`,
  `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
  `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
];

/** Everything that shards which come and go, and sharders that are scaled, need. */
export function needed(namespace: string): Attempt[] {
  const core = `/api/v1/namespaces/${namespace}`;
  const scale = `/apis/apps/v1/namespaces/${namespace}/deployments/sharder/scale`;
  return [
    ...made(namespace).flatMap((path) => [
      `GET ${path}`,
      `POST ${path}?dryRun=All`,
      `PATCH ${path}/${nobody}`,
      `DELETE ${path}/${nobody}`,
    ]),
    `GET ${core}/configmaps/${identityName(1)}`,
    `POST ${core}/configmaps?dryRun=All`,
    `PATCH ${core}/configmaps/${nobody}`,
    `DELETE ${core}/configmaps/${nobody}`,
    `GET ${core}/persistentvolumeclaims`,
    `DELETE ${core}/persistentvolumeclaims/${nobody}`,
    `GET ${core}/pods`,
    `GET ${core}/events`,
    `GET /apis/apps/v1/namespaces/${namespace}/deployments`,
    `GET ${scale}`,
    `PUT ${scale}?dryRun=All`,
  ];
}

/** Secrets, other namespaces, the cluster as a whole, and rights of its own making. */
export function forbidden(namespace: string): Attempt[] {
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  return [
    ...[namespace, 'default', 'kube-system'].map((any) => `GET /api/v1/namespaces/${any}/secrets`),
    'GET /api/v1/secrets',
    `GET ${core}/secrets/nobody`,
    `POST ${core}/secrets?dryRun=All`,
    `GET ${core}/configmaps`,
    ...['default', 'kube-system'].flatMap((other) => [
      ...made(other).flatMap((path) => [
        `GET ${path}`,
        `POST ${path}?dryRun=All`,
        `PATCH ${path}/${nobody}`,
        `DELETE ${path}/${nobody}`,
      ]),
      `GET /api/v1/namespaces/${other}/configmaps/${identityName(1)}`,
      `PATCH /api/v1/namespaces/${other}/configmaps/${nobody}`,
      `GET /api/v1/namespaces/${other}/pods`,
      `DELETE /api/v1/namespaces/${other}/pods/${nobody}`,
      `DELETE /api/v1/namespaces/${other}/persistentvolumeclaims/${nobody}`,
      `GET /apis/apps/v1/namespaces/${other}/deployments`,
    ]),
    'GET /api/v1/pods',
    'GET /apis/apps/v1/statefulsets',
    'GET /api/v1/namespaces',
    `DELETE /api/v1/namespaces/${nobody}`,
    'GET /api/v1/nodes',
    `PATCH /api/v1/nodes/${nobody}`,
    'GET /api/v1/persistentvolumes',
    `DELETE /api/v1/persistentvolumes/${nobody}`,
    `GET ${rbac}/clusterroles`,
    `POST ${rbac}/clusterrolebindings?dryRun=All`,
    `POST ${rbac}/namespaces/${namespace}/rolebindings?dryRun=All`,
    `PATCH ${rbac}/namespaces/${namespace}/roles/${viewServerName}?dryRun=All`,
    `POST ${core}/serviceaccounts/${viewServerName}/token?dryRun=All`,
    `POST ${core}/pods?dryRun=All`,
    `DELETE ${core}/pods/${nobody}`,
    `POST ${core}/pods/nobody/exec?command=true`,
    `POST ${apps}/deployments?dryRun=All`,
    `PATCH ${apps}/deployments/sharder?dryRun=All`,
    `PUT ${apps}/deployments/${viewServerName}/scale?dryRun=All`,
    `PATCH /apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/sharder?dryRun=All`,
  ];
}

/** Runs in the pod. Argument: the attempts as JSON; prints the HTTP status of each. */
const script = `
const { readFileSync } = require('node:fs');
const { request } = require('node:https');
const folder = '/var/run/secrets/kubernetes.io/serviceaccount/';
const authorization = 'Bearer ' + readFileSync(folder + 'token', 'utf8');
const ca = readFileSync(folder + 'ca.crt');
const statusOf = (attempt) => new Promise((resolve, reject) => {
  const [method, path] = attempt.split(' ');
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const headers = { authorization, 'content-type': type };
  const call = request({ host: 'kubernetes.default.svc', path, method, headers, ca, timeout: 10000 });
  call.on('response', (response) => {
    response.resume();
    response.on('end', () => resolve([attempt, response.statusCode]));
  });
  call.on('timeout', () => call.destroy(new Error('no answer to ' + attempt)));
  call.on('error', reject);
  call.end(['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : undefined);
});
(async () => {
  const answers = [];
  for (const attempt of JSON.parse(process.argv[1])) answers.push(await statusOf(attempt));
  process.stdout.write(JSON.stringify(answers));
})();`;

/** Each attempt with the HTTP status that Kubernetes answered: 403 is a refusal by the role. */
export async function tryAsViewServer(
  vase: KindCommand,
  attempts: readonly Attempt[],
): Promise<{ attempt: Attempt; status: number }[]> {
  const pod = `deployment/${viewServerName}`;
  const text = await vase.kubectl('exec', pod, '--', 'node', '--eval', script, JSON.stringify(attempts));
  const answers = JSON.parse(text) as [Attempt, number][];
  if (answers.length !== attempts.length) throw new Error(`${answers.length} answers: ${text}`);
  return answers.map(([attempt, status]) => ({ attempt, status }));
}

/** All rules that Kubernetes knows for an account of the cluster's namespace, in another one or its own; sorted. */
export async function listRules(vase: KindCommand, account: string, namespace: string): Promise<string[]> {
  const as = `--as=system:serviceaccount:${vase.name}:${account}`;
  const text = await vase.kubectl('auth', 'can-i', '--list', as, '--namespace', namespace);
  return text.trimEnd().split('\n').toSorted();
}
