/** Loaded before a sharder: resolves names of members to the processes that stand in for them, for streams and for unary calls. */
import dns from 'node:dns';
import { addressOf } from './data-plane.ts';

const isStandIn = (name: string) => name.endsWith('.svc');

// gRPC asks this way, ...
const { lookup } = dns.promises;
dns.promises.lookup = (async (name: string, options: dns.LookupAllOptions) => {
  if (!isStandIn(name)) return lookup(name, options);
  const found = { address: addressOf(name), family: 4 };
  return options.all ? [found] : found;
}) as typeof dns.promises.lookup;

// ... and Node's own connections this way.
type Callback = (error: Error | null, found: unknown, family?: number) => void;
const ask = dns.lookup as (name: string, options: dns.LookupOptions, callback: Callback) => void;
dns.lookup = ((name: string, options: dns.LookupOptions, callback: Callback) => {
  if (!isStandIn(name)) return ask(name, options, callback);
  const address = addressOf(name);
  process.nextTick(() =>
    options.all ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4),
  );
}) as typeof dns.lookup;
