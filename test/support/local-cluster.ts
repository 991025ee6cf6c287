/** A real cluster of processes for a test: a state folder of its own, free ports, and nothing left behind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import type { StepReporter } from '../../cluster/providers/steps.ts';
import type { TopologyInput } from '../../cluster/topology/topology.ts';

export interface LocalCluster {
  provider: LocalProvider;
  /** Where users reach the store. */
  endpoint: string;
  /** Stops everything and removes the folder. */
  close(): Promise<void>;
}

const silent: StepReporter = { started() {}, progressed() {}, succeeded() {}, failed() {} };

export interface Tampering {
  /** One of test/property/seeded-bugs: planted in every sharder, also in those started later. */
  seededBug?: string;
  viewServerNodeArguments?: readonly string[];
  /** False: a process that ends is not started again. */
  keeper?: boolean;
}

export async function startLocalCluster(
  topology: TopologyInput,
  { seededBug, viewServerNodeArguments = [], keeper = true }: Tampering = {},
): Promise<LocalCluster> {
  const stateRoot = await mkdtemp(join(tmpdir(), 'vase-test-'));
  const checkout = resolve(import.meta.dirname, '../..');
  const provider = new LocalProvider({
    checkout,
    stateRoot,
    binaries: join(checkout, '.vase', 'bin'),
    environment: process.env,
    nodePath: process.execPath,
    viewServerNodeArguments,
    keeper,
    ...(seededBug === undefined ? {} : planted(seededBug, checkout)),
  });
  const options = { reporter: silent, signal: new AbortController().signal };
  const close = async () => {
    await provider.clean(options);
    await provider.close();
    await rm(stateRoot, { recursive: true, force: true });
  };
  try {
    const { endpoint } = await provider.up({ ...topology, ports: { http: 0 } }, options);
    return { provider, endpoint, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function planted(seededBug: string, checkout: string) {
  return {
    sharderNodeArguments: ['--import', join(checkout, 'test', 'property', 'seeded-bugs', 'plant.ts')],
    sharderEnvironment: { VASE_SEEDED_BUG: seededBug },
  };
}
