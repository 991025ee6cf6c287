/**
 * The one description of a cluster: every provider starts it, the manifests are generated from it, a benchmark varies it.
 * It is plain data, complete (every field has a value after parsing) and validated; a wrong value is a
 * `TopologyError` that names the field and what is allowed.
 */
import { z } from 'zod';
import { UsageError } from '../errors.ts';

const quantityPattern = /^[1-9][0-9]*(Ki|Mi|Gi|Ti)$/;
const cpuPattern = /^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9]+)?|0\.[0-9]+)$/;

const wholeNumber = (min: number, max: number) =>
  z
    .int({ error: `a whole number from ${min} to ${max}` })
    .min(min)
    .max(max);
const oneOf = (...allowed: [number, ...number[]]) =>
  z.int().refine((value) => allowed.includes(value), { error: `one of ${allowed.join(', ')}` });
const cpu = z.string().regex(cpuPattern, 'cores such as "300m", "0.5" or "2"').nullable();
const memory = z.string().regex(quantityPattern, 'a size such as "256Mi" or "1Gi"').nullable();
const bytes = z.string().regex(quantityPattern, 'a size such as "64Mi" or "8Gi"');
const image = z.string().min(1).max(255);

/** Limits of one process or container; null means none. A provider that cannot enforce them says so. */
const resources = z.strictObject({ cpu: cpu.default(null), memory: memory.default(null) });

const schema = z.strictObject({
  /** Names the cluster: kind cluster, namespace, cluster tokens. */
  name: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, 'lower-case letters, digits and dashes, 32 at most')
    .default('vase'),
  /** Number of shards: independent etcd clusters. */
  shards: wholeNumber(1, 64).default(3),
  /** Number of the first shard; the home shard. Only the manifests' generator uses another one than 1. */
  firstShard: wholeNumber(1, 1_000_000).default(1),
  /** etcd members of each shard. */
  members: oneOf(1, 3, 5).default(3),
  /** Sharder processes or replicas. */
  sharders: wholeNumber(1, 1000).default(2),
  /** View server processes or replicas: one is the leader, the others stand by. 0: none, slots stay where they are. */
  viewServers: wholeNumber(0, 5).default(1),
  ports: z
    .strictObject({
      /** Where users reach the store. 0: any free port. */
      http: wholeNumber(0, 65_535).default(5000),
      /** Where the view server answers, on loopback alone. 0: any free port. */
      view: wholeNumber(0, 65_535).default(0),
    })
    .prefault({}),
  http: z
    .strictObject({
      /**
       * Names by which users may call the store and the view server, besides localhost, every address and the cluster's own
       * services: "store.example" with any port, "store.example:8443" with this one. Requests to other names are refused,
       * since a web page could have pointed such a name at the store; a page of an allowed origin is trusted.
       */
      hosts: z
        .array(z.string().regex(/^[a-z0-9][a-z0-9.-]{0,252}(:[0-9]{1,5})?$/, 'names such as "store.example"'))
        .max(100)
        .default([]),
    })
    .prefault({}),
  etcd: z
    .strictObject({
      heartbeatMs: wholeNumber(10, 10_000).default(100),
      electionMs: wholeNumber(50, 50_000).default(1000),
      /** Backend quota: past it etcd refuses writes. */
      quota: bytes.default('2Gi'),
      /** History kept for watches and reads at a revision. */
      compactionRetention: z
        .string()
        .regex(/^[1-9][0-9]*[mh]$/, 'a duration such as "30m" or "1h"')
        .default('10m'),
      /** etcd's --max-txn-ops: bounds the batches of the sharders. */
      maxTxnOps: wholeNumber(128, 10_000).default(1024),
      /** Size of each member's volume. */
      volume: bytes.default('10Gi'),
    })
    .refine((etcd) => etcd.electionMs >= 5 * etcd.heartbeatMs, {
      error: 'at least 5 times etcd.heartbeatMs',
      path: ['electionMs'],
    })
    .prefault({}),
  /** Disk that each member's volume emulates when the machine has none of the kind. null: the provider's default. */
  ssd: z
    .string()
    .regex(/^(off|pd-ssd:[1-9][0-9]*(Gi|Ti))$/, '"off" or a disk and its size such as "pd-ssd:10Gi"')
    .nullable()
    .default(null),
  resources: z.strictObject({ sharder: resources.prefault({}), etcd: resources.prefault({}) }).prefault({}),
  /** What scales automatically: Kubernetes scales the sharders, the view server the shards. */
  autoscaling: z
    .strictObject({
      /** Replicas at most; `sharders` when this is less. */
      shardersMax: wholeNumber(1, 1000).default(30),
      /** Mean processor use, in percent of the request, that the autoscaler aims at. */
      cpuPercent: wholeNumber(1, 100).default(70),
      /** What the view server does with the shards. */
      shards: z
        .strictObject({
          /** false: it advises and changes nothing. */
          enabled: z.boolean().default(false),
          /** The objective: 95 of 100 requests end within this. */
          p95Ms: wholeNumber(1, 60_000).default(50),
          /** The length of the window that each judgement is based on. */
          windowSeconds: wholeNumber(5, 3600).default(30),
          /** With fewer requests in a window, their latency proves nothing. */
          requestsMin: wholeNumber(1, 1_000_000_000).default(500),
          /** After a change nothing is changed for this long. */
          cooldownSeconds: wholeNumber(5, 86_400).default(300),
          min: wholeNumber(1, 64).default(1),
          max: wholeNumber(1, 64).default(16),
        })
        .refine(({ min, max }) => min <= max, { error: 'at most autoscaling.shards.max', path: ['min'] })
        .prefault({}),
    })
    .prefault({}),
  moves: z
    .strictObject({
      /** Keys that the view server copies in a second at most, over all moves; 0: no limit. */
      keysPerSecond: wholeNumber(0, 100_000_000).default(5000),
    })
    .prefault({}),
  /** Mutual TLS, sharders to etcd and member to member; on GKE alone. null: the overlay's default for the platform. */
  tls: z.boolean().nullable().default(null),
  images: z
    .strictObject({
      /** The kind node; VASE_NODE_IMAGE. */
      node: image.default('kindest/node:v1.35.0'),
      /**
       * etcd of a new cluster: an existing cluster keeps its recorded one. VASE_ETCD_IMAGE. A release without a known fault
       * that touches data, by a digest that two independent public projects name.
       */
      etcd: image.default(
        'registry.k8s.io/etcd:3.6.10-0@sha256:f65c61039e7b7fd6e651f7ec2459b880589892cb13cf79c2f71c92aa08fc5144',
      ),
      /** What Vase's own image is built from; VASE_BASE_IMAGE. The digest is docker-library's, of Node 24.19.0. */
      base: image.default(
        'node:24-slim@sha256:cd84903a12dbd26b46f1f3b8144a2568c41c5d37ddd0c7a80a34c7a19786b35f',
      ),
      /** Vase's own image: sharder and view server. A provider that builds it puts its exact name here; VASE_IMAGE. */
      vase: image.default('vase:0.1.0'),
    })
    .prefault({}),
});

export type Topology = z.output<typeof schema>;
/** A topology with any field left out. */
export type TopologyInput = z.input<typeof schema>;

/** One sentence that names the field and what is allowed. */
export class TopologyError extends UsageError {
  override name = 'TopologyError';
}

/**
 * Validates and completes a topology.
 * @throws TopologyError on the first wrong or unknown field.
 */
export function parseTopology(input: unknown): Topology {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.') || 'topology';
  if (issue.code === 'unrecognized_keys') {
    const where = issue.path.length > 0 ? `${field}.` : '';
    throw new TopologyError(`topology: unknown field ${where}${issue.keys.join(', ')}`);
  }
  throw new TopologyError(
    `topology: ${field}: must be ${issue.message.replace(/^Invalid input: expected /, '')}`,
  );
}

/** The numbers of the shards, the home shard first. */
export function shardIds(topology: Pick<Topology, 'shards' | 'firstShard'>): number[] {
  return Array.from({ length: topology.shards }, (_, index) => topology.firstShard + index);
}
