/** The address on the internet of a public cluster: it is made before the balancer, because its certificate names it. */
import { apis } from './project-resources.ts';
import { change, type CloudResource, look, thereWhenAny } from './resource.ts';
import { type GkeTarget, namesOf } from './target.ts';

const minute = 60_000;

export function addressResource(target: GkeTarget): CloudResource {
  const { address } = namesOf(target);
  const place = [address, `--region=${target.region}`, `--project=${target.project}`];
  return {
    id: 'address',
    title: `external address ${address}`,
    api: apis.compute,
    describe: look('compute', 'addresses', 'describe', ...place),
    judge: thereWhenAny,
    create: [change(3 * minute, 'compute', 'addresses', 'create', ...place)],
    remove: [change(3 * minute, 'compute', 'addresses', 'delete', ...place)],
  };
}

/** "203.0.113.7", taken from what `describe` printed. */
export function addressOf(description: unknown): string {
  const { address } = description as { address?: string };
  if (address === undefined) throw new Error('Google described an address without saying which');
  return address;
}
