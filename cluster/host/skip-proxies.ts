/**
 * A proxy is for the way out, not for the way to the cluster's own addresses: it does not know them, or answers in their
 * place. Node.js takes the proxy variables where NODE_USE_ENV_PROXY or --use-env-proxy says so; `fetch` then looks at
 * NO_PROXY at every request. gRPC has its own option (sharder/etcd/connection.ts).
 */

/** What a command reaches on this machine. Names are compared as they stand in a URL. */
const onThisMachine = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * For this process and all that it starts.
 * @param addresses "all" where a process has no way out and needs none.
 */
export function skipProxies(addresses: 'this machine' | 'all', environment = process.env): void {
  const given = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  const entries = [...given.split(/[,\s]+/), ...onThisMachine].filter((entry) => entry !== '');
  // "*" counts only where it stands alone.
  const all = addresses === 'all' || given.trim() === '*';
  const value = all ? '*' : [...new Set(entries)].join(',');
  for (const name of ['no_proxy', 'NO_PROXY']) environment[name] = value;
}
