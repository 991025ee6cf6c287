/** Merges a topology from several sources, where a later one wins field by field: the existing cluster, a file, settings. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { UsageError } from '../errors.ts';

/** Plain data with some of a topology's fields, not yet validated. */
export type PartialTopology = Record<string, unknown>;

/** The fields of all sources; when two give the same field, the later one wins. Undefined fields count as not given. */
export function mergeTopologies(...sources: readonly unknown[]): PartialTopology {
  const merged: PartialTopology = {};
  for (const source of sources) {
    if (!isMapping(source)) continue;
    for (const [field, value] of Object.entries(source)) {
      if (value === undefined) continue;
      merged[field] = isMapping(value) ? mergeTopologies(merged[field], value) : value;
    }
  }
  return merged;
}

function isMapping(value: unknown): value is PartialTopology {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The fields in a YAML file; an empty file has none.
 * @throws UsageError when the file cannot be read or is not a mapping.
 */
export function readTopologyFile(path: string): PartialTopology {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`topology file ${path}: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
    });
  }
  if (content === null) return {};
  if (isMapping(content)) return content;
  throw new UsageError(`topology file ${path}: must be a mapping of fields such as "shards: 3"`);
}

/** A whole number when the text is one, otherwise the text itself, so that the topology's own check names the field. */
export function numberOrText(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** The fields that environment variables set. An empty variable counts as not set. */
export function topologyFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): PartialTopology {
  const text = (name: string) => environment[name] || undefined;
  const number = (name: string) => (environment[name] ? numberOrText(environment[name]) : undefined);
  return {
    shards: number('VASE_SHARDS'),
    members: number('VASE_MEMBERS'),
    sharders: number('VASE_SHARDERS'),
    viewServers: number('VASE_VIEW_SERVERS'),
    ports: { http: number('VASE_PORT'), view: number('VASE_VIEW_PORT') },
    ssd: text('VASE_SSD'),
    images: {
      node: text('VASE_NODE_IMAGE'),
      etcd: text('VASE_ETCD_IMAGE'),
      base: text('VASE_BASE_IMAGE'),
      vase: text('VASE_IMAGE'),
    },
  };
}
