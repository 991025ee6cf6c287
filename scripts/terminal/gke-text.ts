/** Plans for GKE as text: the same bytes for the same plan. */
import type { GkePlan } from '../../cluster/providers/gke/plan.ts';
import type { CostEstimate } from '../../cluster/providers/gke/cost-estimate.ts';
import type { Removals } from '../../cluster/providers/gke/gke-actions.ts';
import type { Leftover } from '../../cluster/providers/gke/resources/leftovers.ts';
import type { ObjectChange } from '../../cluster/providers/gke/object-changes.ts';
import type { GkeTarget } from '../../cluster/providers/gke/resources/target.ts';
import { counted } from '../../cluster/providers/steps.ts';

const actionWords = {
  none: 'there ',
  create: 'create',
  update: 'update',
  wait: 'wait  ',
  impossible: 'UNFIT ',
} as const;

/** Variables by name; those without a value count as not given. */
type Variables = Readonly<Record<string, string | number | undefined>>;

/** The settings that were given besides the target. */
export interface Given {
  /** As on the command line of `make`. */
  size?: Variables;
  environment?: Variables;
}

/** Variables that decide, too, and may be unset where the command is pasted. */
const fromEnvironment = [
  'VASE_SHARDS',
  'VASE_MEMBERS',
  'VASE_SHARDERS',
  'VASE_VIEW_SERVERS',
  'VASE_TOPOLOGY',
  'VASE_ETCD_IMAGE',
  'VASE_BASE_IMAGE',
  'VASE_STATE',
];

/** The `make` command that carries out the plan with these settings: without one of them it would do something else. */
function confirmation(
  goal: 'deploy-gke' | 'destroy-gke',
  { project, region, name, exposure }: GkeTarget,
  { size = {}, environment = {} }: Given,
): string {
  const variables: Variables = {
    PROJECT: project,
    REGION: region,
    NAME: name === 'vase' ? undefined : name,
    ...(exposure.kind === 'public' ? { EXPOSE: 'public', ALLOW: exposure.ranges.join(',') } : {}),
    ...size,
    CONFIRM: project,
    // `make` passes the variables of its command line to the programs that it runs.
    ...Object.fromEntries(fromEnvironment.map((variable) => [variable, environment[variable]])),
  };
  const words = Object.entries(variables)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([variable, value]) => `${variable}=${quoted(String(value))}`);
  return ['make', goal, ...words].join(' ');
}

function quoted(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function describePlan(plan: GkePlan, given: Given = {}): string {
  const { target, topology } = plan;
  const size = `${counted(topology.shards, 'shard')} of ${counted(topology.members, 'member')}, ${counted(topology.sharders, 'sharder')}`;
  const { exposure } = target;
  const reach =
    exposure.kind === 'internal'
      ? 'reached from its own network alone'
      : `on the internet for ${exposure.ranges.join(', ')}, over TLS, with a token`;
  const resources = plan.resources.flatMap(({ title, action, why, commands }) => [
    `  ${actionWords[action]}  ${title}${why === '' ? '' : ` (${why})`}`,
    ...commands.map((command) => `            ${command}`),
  ]);
  return [
    `Plan for ${target.name} in ${target.region} of project ${target.project}: ${size}, ${reach}`,
    '',
    'Resources on Google Cloud, in this order:',
    ...resources,
    '',
    ...describeObjects(plan.objects),
    '',
    ...describeCost(plan.cost),
    '',
    `Nothing was changed. To do it: ${confirmation('deploy-gke', target, given)}`,
  ].join('\n');
}

function describeObjects(objects: readonly ObjectChange[]): string[] {
  const of = (kind: ObjectChange['kind']) => objects.filter((object) => object.kind === kind);
  const created = of('create').map(({ object }) => `  + ${object}`);
  const changed = of('change').flatMap(({ object, fields }) => [
    `  ~ ${object}`,
    ...fields.map((field) => `      ${field}`),
  ]);
  return [
    `Kubernetes objects: ${of('create').length} to create, ${of('change').length} to change, ${of('same').length} as they are`,
    ...created,
    ...changed,
  ];
}

function describeCost(cost: CostEstimate): string[] {
  const widest = Math.max(...cost.lines.map(({ what }) => what.length));
  const line = (what: string, usd: number) => `  ${what.padEnd(widest)}  ${dollars(usd).padStart(9)}`;
  return [
    `Estimated cost in a month, list prices as of ${cost.pricesAsOf}:`,
    ...cost.lines.map(({ what, monthlyUsd }) => line(what, monthlyUsd)),
    line('estimate', cost.monthlyUsd),
    ...cost.notes.map((note) => `  (${note})`),
    ...cost.sources.map((source) => `  ${source}`),
  ];
}

export function describeRemovals(
  target: GkeTarget,
  { planned, leftovers }: Removals,
  given: Given = {},
): string {
  const confirm = confirmation('destroy-gke', target, given);
  return [
    planned.length === 0
      ? `Nothing of ${target.name} is in ${target.region} of project ${target.project}.`
      : `To be deleted of ${target.name} in ${target.region} of project ${target.project}, in this order:`,
    ...planned.flatMap(({ title, commands }) => [
      `  delete  ${title}`,
      ...commands.map((command) => `            ${command}`),
    ]),
    ...(leftovers.length === 0 ? [] : ['', ...list(leftovers, 'Disks stay:')]),
    '',
    planned.length === 0 ? 'Nothing was changed.' : `Nothing was changed. To do it: ${confirm}`,
  ].join('\n');
}

export function describeLeftovers(leftovers: readonly Leftover[]): string {
  if (leftovers.length === 0) return 'Destroyed. Nothing is left of the cluster.';
  return ['Destroyed.', ...list(leftovers, 'Left, because it may hold data or was not to be had:')].join(
    '\n',
  );
}

function list(leftovers: readonly Leftover[], title: string): string[] {
  const monthlyUsd = leftovers.reduce((sum, leftover) => sum + leftover.monthlyUsd, 0);
  return [
    `${title} ${counted(leftovers.length, 'thing')}, an estimated ${dollars(monthlyUsd)} in a month`,
    ...leftovers.flatMap(({ kind, name, detail, remove }) => [
      `  ${kind} ${name}: ${detail}`,
      `            ${remove}`,
    ]),
  ];
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`;
}
