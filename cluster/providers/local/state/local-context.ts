/** What the parts of the local provider share: where things are, how to reach etcd, and the cluster's state. */
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
  /** Where an etcd is that is not on PATH, and where one is fetched to. Shared by all clusters of a checkout. */
  binaries: string;
  /** VASE_ETCD and PATH say where an etcd is; PATH and HOME are all that the processes get of it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The Node.js that runs sharders. */
  nodePath: string;
  /** For tests that break sharders on purpose: further arguments of that Node.js. */
  sharderNodeArguments?: readonly string[];
  /** For the same tests: further variables of the sharders. */
  sharderEnvironment?: Readonly<Record<string, string>>;
  /** For tests that kill a view server at one moment: further arguments of the Node.js that runs view servers. */
  viewServerNodeArguments?: readonly string[];
  /** For tests that need what has ended to stay so: false, and no keeper is started. */
  keeper?: boolean;
}

/** One action on the cluster. Whoever changes `state` calls `save` before the next wait. */
export interface LocalContext {
  settings: LocalSettings;
  folder: StateFolder;
  rpc: EtcdCaller;
  signal: AbortSignal;
  state: ClusterState;
  /** Set by the step that finds it. */
  etcd: EtcdBinary | null;
  /** Why a new cluster runs this one: a clause. */
  etcdWhy?: string;
  /** Why there is none that a member may be started with. */
  etcdFault?: ClusterError;
  /** The view as the records have it, or a copy of it; set by the step that writes or finds them. */
  view?: View;
  /** What is wrong with shards and could not be mended; and the shards that are dead. Set by the step that starts them. */
  left?: { problems: Problem[]; deadShards: ReadonlySet<number> };
  /** Whether members whose data are lost are replaced. */
  replaceLost?: boolean;
  /** What this action has started, so that a failure can stop exactly that. */
  started: ProcessIdentity[];
}

/** Without what asks members: all that starting a process takes. */
export type StartContext = Omit<LocalContext, 'rpc' | 'view' | 'left' | 'replaceLost'>;

/** Whether what holds the view could not be brought up. */
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

/** Of those that run Node.js. */
export function nodeEnvironment(settings: LocalSettings): Record<string, string> {
  return { ...processEnvironment(settings), NODE_COMPILE_CACHE: compileCacheOf(settings.checkout) };
}
