/** What the parts of the local provider share: the cluster's paths, the way to reach etcd, and the cluster's state. */
import { compileCacheOf } from '../../../host/compile-cache.ts';
import type { EtcdBinary } from '../../../etcd/etcd-binary.ts';
import type { ClusterError } from '../../../errors.ts';
import type { EtcdCaller } from '../../../etcd/etcd-caller.ts';
import type { Problem } from '../../provider.ts';
import type { View } from '../../../../sharder/core/view.ts';
import { writeState, type ClusterState } from './cluster-state.ts';
import type { ProcessIdentity } from '../../../host/process-identity.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

export interface LocalSettings {
  /** The folder with the sources: sharders run from it. */
  checkout: string;
  /** Holds the state, the data and the logs. */
  stateRoot: string;
  /** Where an etcd may be that is not on PATH, and where Vase puts one that it fetches. Shared by all clusters of a checkout. */
  binaries: string;
  /** VASE_ETCD and PATH say where an etcd is; the processes get only PATH and HOME of it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The Node.js that runs sharders. */
  nodePath: string;
  /** Further arguments of that Node.js, for tests that break sharders on purpose. */
  sharderNodeArguments?: readonly string[];
  /** Further variables of the sharders, for the same tests. */
  sharderEnvironment?: Readonly<Record<string, string>>;
  /** Further arguments of the view servers' Node.js, for tests that kill a view server at one moment. */
  viewServerNodeArguments?: readonly string[];
  /** False: no keeper is started, for tests in which an ended process must stay ended. */
  keeper?: boolean;
}

/** One action on the cluster. A function that changes `state` calls `save` before its next wait. */
export interface LocalContext {
  settings: LocalSettings;
  folder: StateFolder;
  rpc: EtcdCaller;
  signal: AbortSignal;
  state: ClusterState;
  /** Set by the step that finds it. */
  etcd: EtcdBinary | null;
  /** Why a new cluster runs this etcd: a clause. */
  etcdWhy?: string;
  /** Why there is no etcd with which a member may be started. */
  etcdFault?: ClusterError;
  /** The view of the records, or a copy of it; set by the step that writes or finds them. */
  view?: View;
  /** Problems of shards that could not be mended; and the shards that are dead. Set by the step that starts them. */
  left?: { problems: Problem[]; deadShards: ReadonlySet<number> };
  /** Whether members whose data are lost are replaced. */
  replaceLost?: boolean;
  /** What this action has started, so that a failure can stop exactly that. */
  started: ProcessIdentity[];
}

/** All that starting a process takes: without what asks members. */
export type StartContext = Omit<LocalContext, 'rpc' | 'view' | 'left' | 'replaceLost'>;

/** Whether the home shard, which holds the view, could not be brought up. */
export function isHomeDead({ state, left }: Pick<LocalContext, 'state' | 'left'>): boolean {
  return left?.deadShards.has(state.shards[0]!.id) ?? false;
}

export function save(context: Pick<LocalContext, 'folder' | 'state'>): void {
  writeState(context.folder, context.state);
}

/** The environment of every process: nothing but what it needs, so that a stray ETCD_ variable changes nothing. */
export function processEnvironment(settings: LocalSettings): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR']) {
    const value = settings.environment[name];
    if (value !== undefined) environment[name] = value;
  }
  // etcd 3.4 starts on 64-bit ARM only when told that the user knows it to be less tested.
  if (process.arch === 'arm64') environment['ETCD_UNSUPPORTED_ARCH'] = 'arm64';
  return environment;
}

/** The environment of processes that run Node.js. */
export function nodeEnvironment(settings: LocalSettings): Record<string, string> {
  return { ...processEnvironment(settings), NODE_COMPILE_CACHE: compileCacheOf(settings.checkout) };
}
