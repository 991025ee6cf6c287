/**
 * A proxy is for outside addresses, not for the cluster's own ones: it does not know them, or answers in their place.
 * Node.js uses the proxy variables when NODE_USE_ENV_PROXY or --use-env-proxy says so; `fetch` then reads NO_PROXY at every
 * request. gRPC has its own option (sharder/etcd/connection.ts).
 */

/** The hosts of this machine that a command reaches. Names are compared as a URL has them. */
const onThisMachine = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Sets it for this process and all that it starts.
 * @param addresses "all" for a process that has no way out and needs none.
 */
export function skipProxies(addresses: 'this machine' | 'all', environment = process.env): void {
  const given = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  const entries = [...given.split(/[,\s]+/), ...onThisMachine].filter((entry) => entry !== '');
  // "*" counts only where it stands alone.
  const all = addresses === 'all' || given.trim() === '*';
  const value = all ? '*' : [...new Set(entries)].join(',');
  for (const name of ['no_proxy', 'NO_PROXY']) environment[name] = value;
}
