/** Loaded before a sharder: names of members lead to the processes that stand in for them. */
import dns from 'node:dns';
import { addressOf } from './data-plane.ts';

const lookup = dns.promises.lookup.bind(dns.promises);

dns.promises.lookup = (async (name: string, options: dns.LookupAllOptions) => {
  if (!name.endsWith('.svc')) return lookup(name, options);
  const found = { address: addressOf(name), family: 4 };
  return options.all ? [found] : found;
}) as typeof dns.promises.lookup;
