/**
 * Plans as people write them, in JSON: the cells by name as in the original's plans, `{"1a": {"sharders": 1, "shards": 7}}`,
 * and beside them, optionally, the settings of the whole plan. An absent field has a default; a wrong field is a usage
 * error that names it.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../../cluster/errors.ts';
import { parseTopology } from '../../../cluster/topology/topology.ts';
import { cellTopology } from './cell-topology.ts';
import type { BenchPlan, CellPlan, Workload } from './run-data.ts';

const plans = join(import.meta.dirname, '..', 'plans');
const cellsMax = 200;

const whole = (min: number, max: number) =>
  z
    .int({ error: `a whole number from ${min} to ${max}` })
    .min(min, `a whole number from ${min} to ${max}`)
    .max(max, `a whole number from ${min} to ${max}`);
const text = (what: string) => z.string({ error: what });

const workloadNames = ['original', 'ycsb-a', 'ycsb-b', 'ycsb-c', 'write-only'] as const;
const workloadName = z.enum(workloadNames, { error: `one of ${workloadNames.join(', ')}` });
const workloadFields = {
  users: whole(1, 100_000).optional(),
  keys: whole(1, 10_000_000).optional(),
  valueBytes: whole(0, 1_048_576).optional(),
  distribution: z.enum(['uniform', 'zipfian'], { error: '"uniform" or "zipfian"' }).optional(),
};
const workload = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  z.strictObject(
    { name: workloadName, ...workloadFields },
    { error: 'a workload’s name, or an object with it' },
  ),
);

const limits = z.strictObject({
  sharderCpu: text('cores such as "300m", or null').nullable().optional(),
  etcdCpu: text('cores such as "300m", or null').nullable().optional(),
  ssd: text('"off" or a disk such as "pd-ssd:10Gi"').optional(),
});

const rates = z
  .array(z.number({ error: 'a share such as 0.5' }).positive('above 0').max(1, 'at most 1'))
  .max(20, 'at most 20 shares');

const cell = z.strictObject(
  {
    sharders: whole(1, 1000),
    shards: whole(1, 64),
    members: whole(1, 5).optional(),
    workload: workload.optional(),
    limits: limits.optional(),
    rates: rates.optional(),
  },
  { error: 'a setting of the plan, or a cell such as {"sharders": 1, "shards": 7}' },
);

const ratio = z.number({ error: 'a number' }).positive('above 0').nullable().default(null);
const expectation = z
  .strictObject({
    from: text('the name of a cell'),
    to: text('the name of a cell'),
    figure: z.enum(['requests_per_second', 'p95_ms'], { error: '"requests_per_second" or "p95_ms"' }),
    ratioMin: ratio,
    ratioMax: ratio,
  })
  .refine(({ ratioMin, ratioMax }) => ratioMin !== null || ratioMax !== null, {
    error: 'an object with ratioMin, ratioMax, or both',
  });

const schema = z
  .object({
    provider: z
      .enum(['local', 'kind'], { error: 'local or kind: a cluster on GKE is made by make deploy-gke alone' })
      .default('local'),
    members: whole(1, 5).default(3),
    workload: workload.prefault('original'),
    warmup: whole(1, 600).default(8),
    duration: whole(1, 3600).default(30),
    repeats: whole(1, 100).default(1),
    rates: rates.default([]),
    rateDuration: whole(1, 600).default(10),
    limits: limits.prefault({}),
    expectations: z.array(expectation).max(100).default([]),
  })
  .catchall(cell);

/** Replaces settings of the plan, where given. */
export interface PlanOverrides {
  provider?: string;
  duration?: number;
  repeats?: number;
}

/**
 * A ready plan by name (smoke, local, original), or the plan in a file.
 * @throws UsageError
 */
export function readPlan(nameOrPath: string, overrides: PlanOverrides = {}): BenchPlan {
  const isName = /^[a-z][a-z0-9-]*$/.test(nameOrPath);
  const path = isName ? join(plans, `${nameOrPath}.json`) : nameOrPath;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isName && (error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UsageError(`no ready plan is called ${nameOrPath}; there are smoke, local and original`);
    throw new UsageError(`plan ${path}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const mapping = typeof content === 'object' && content !== null && !Array.isArray(content);
  return parsePlan(mapping ? Object.assign({}, content, given) : content, basename(path, '.json'));
}

/** @throws UsageError that names the first wrong field. */
export function parsePlan(input: unknown, name: string): BenchPlan {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const unknown =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => JSON.stringify(key)).join(', ') : null;
    const field = issue.path.map(String).join('.') || 'the plan';
    if (unknown !== null) throw new UsageError(`plan ${name}: ${field} has no field ${unknown}`);
    throw new UsageError(
      `plan ${name}: ${field} must be ${issue.message.replace(/^Invalid input: expected /, '')}`,
    );
  }
  const { provider, members, workload: shared, warmup, duration, repeats, ...rest } = parsed.data;
  const { rates: rateShares, rateDuration, limits: given, expectations, ...cells } = rest;
  const planLimits = { sharderCpu: null, etcdCpu: null, ssd: 'off', ...defined(given) };
  const plan: BenchPlan = {
    name: planName(name),
    provider,
    warmupSeconds: warmup,
    durationSeconds: duration,
    repeats,
    rateShares,
    rateSeconds: rateDuration,
    limits: planLimits,
    cells: Object.entries(cells).map(([test, own]): CellPlan => ({
      test: testName(name, test),
      sharders: own.sharders,
      shards: own.shards,
      members: own.members ?? members,
      workload: completeWorkload(own.workload ?? shared),
      ...(own.limits === undefined ? {} : { limits: defined(own.limits) }),
      ...(own.rates === undefined ? {} : { rateShares: own.rates }),
    })),
    expectations,
  };
  checkPlan(plan);
  return plan;
}

/** The original's users and keys for its own workload; YCSB's keys and values of 1 KB for the others. */
function completeWorkload(given: z.output<typeof workload>): Workload {
  const { name } = given;
  const defaults =
    name === 'original'
      ? { users: 500, keys: 101, valueBytes: 16, distribution: 'uniform' as const }
      : {
          users: 500,
          keys: 100_000,
          valueBytes: 1000,
          distribution: name === 'write-only' ? ('uniform' as const) : ('zipfian' as const),
        };
  return { ...defaults, ...defined(given) };
}

/** Checks what a schema cannot say: names that must exist, and whether the topology accepts the cells. */
function checkPlan(plan: BenchPlan): void {
  const tests = plan.cells.map(({ test }) => test);
  if (tests.length === 0) throw new UsageError(`plan ${plan.name}: there is no cell`);
  if (tests.length > cellsMax) throw new UsageError(`plan ${plan.name}: more than ${cellsMax} cells`);
  for (const [index, { from, to }] of plan.expectations.entries()) {
    for (const test of [from, to])
      if (!tests.includes(test))
        throw new UsageError(
          `plan ${plan.name}: expectations.${index} names ${JSON.stringify(test)}, which is no cell`,
        );
  }
  for (const planned of plan.cells) {
    try {
      parseTopology(cellTopology(plan, planned));
    } catch (error) {
      throw new UsageError(`plan ${plan.name}: ${planned.test}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

/** The names become names of files. */
function testName(plan: string, test: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$/.test(test)) return test;
  throw new UsageError(
    `plan ${plan}: the cell's name ${JSON.stringify(test)} must be letters, digits, - and _`,
  );
}

function planName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 40) || 'plan';
}

type Defined<T> = { [Field in keyof T]: Exclude<T[Field], undefined> };

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
