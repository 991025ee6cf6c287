/** Where users reach a cluster on GKE: the balancer's address once it has one, and whether a public one is guarded. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from 'kubernetes-types/core/v1.d.ts';
import { ClusterError } from '../../errors.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import { sharderEndpointName } from '../../manifests/names.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';

/** Google takes one to three minutes to make a balancer. */
const balancerMsMax = 600_000;
const pollMs = 3000;
const askTimeoutMs = 10_000;

/** Null when there is no service, or its balancer has no address yet. */
export async function readBalancer({ client, instance }: KubernetesCluster): Promise<string | null> {
  const name = { apiVersion: 'v1', kind: 'Service', name: sharderEndpointName, namespace: instance };
  const service = await client.read<Service & ApiObject>(name);
  return service?.status?.loadBalancer?.ingress?.[0]?.ip ?? null;
}

/** @throws ClusterError when the balancer does not get an address in time. */
export async function awaitBalancer(cluster: KubernetesCluster, signal: AbortSignal): Promise<string> {
  const deadlineMs = performance.now() + balancerMsMax;
  for (;;) {
    const address = await readBalancer(cluster);
    if (address !== null) return address;
    if (performance.now() >= deadlineMs) {
      throw new ClusterError(`the load balancer has no address after ${balancerMsMax / 1000} s`, {
        nextStep: `See \`kubectl --kubeconfig .vase/gke/kubeconfig -n ${cluster.instance} describe service ${sharderEndpointName}\`; run this again to go on waiting.`,
      });
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/**
 * Asks a public endpoint for a key with and without the token.
 * @throws ClusterError when it answers without the token: then it is open to everybody in the allowed ranges.
 */
export async function askPublicEndpoint(
  endpoint: string,
  { authorityFile, tokenFile, signal }: { authorityFile: string; tokenFile: string; signal: AbortSignal },
): Promise<string> {
  const [ca, token] = await Promise.all([readFile(authorityFile), readFile(tokenFile, 'utf8')]);
  // A sharder answers this alone: it asks for no key, whose shard may be dead.
  const url = `${endpoint}/`;
  const without = await ask(url, { ca, signal, headers: {} });
  if (without === null) return 'this machine does not reach it; is its address in ALLOW?';
  if (without !== 401) {
    throw new ClusterError(
      `${endpoint} answers ${without} to a request without the token, where it must answer 401`,
      {
        nextStep: 'Take it off the internet: deploy again without EXPOSE=public.',
      },
    );
  }
  const withToken = await ask(url, { ca, signal, headers: { authorization: `Bearer ${token}` } });
  if (withToken === 200) return 'answers with the token alone';
  throw new ClusterError(`${endpoint} answers ${withToken ?? 'nothing'} to a request with the token`, {
    nextStep: 'See `make status` and `make logs NAME=sharder-1`.',
  });
}

const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/** The status of the answer; null when none comes. */
function ask(
  url: string,
  options: { ca: Buffer; headers: Record<string, string>; signal: AbortSignal },
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { ...options, timeout: askTimeoutMs, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    asking.on('timeout', () => {
      resolve(null);
      asking.destroy();
    });
    asking.on('error', (error: NodeJS.ErrnoException) => {
      if (options.signal.aborted) reject(options.signal.reason as Error);
      else if (unreachable.has(error.code ?? '')) resolve(null);
      // The certificate is not the endpoint's: another server answers.
      else reject(new ClusterError(`${url} cannot be trusted: ${error.message}`, { cause: error }));
    });
    asking.end();
  });
}
