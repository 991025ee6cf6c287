/** Whether `up` may choose kind by itself: only where kind can be expected to work. */
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';
import type { Topology } from '../../topology/topology.ts';
import { localImageId } from './kind-command.ts';
import { examineForKind } from './preflight.ts';

/** A registry that can be reached answers within a second or two. */
const registryMsMax = 10_000;

/**
 * Null when Docker and kind answer, the machine has what kind needs, and every image is here or in its registry; else
 * the first reason against it, as a sentence without a full stop. Asks and changes nothing.
 */
export async function whyNotKind({ images }: Pick<Topology, 'images'>): Promise<string | null> {
  const findings = await examineForKind({ profile: 'small', nodeImage: images.node, ports: [] });
  const fault = findings.find(({ grade }) => grade === 'fault');
  if (fault !== undefined) return fault.what;
  const needed = [images.node, images.etcd, images.base];
  const found = await Promise.all(needed.map(canBeHad));
  const lacking = needed.filter((_, index) => !found[index]);
  return lacking.length === 0 ? null : `Docker has no image ${lacking[0]!}, and no registry gives it`;
}

async function canBeHad(image: string): Promise<boolean> {
  if ((await localImageId(image)) !== null) return true;
  try {
    await runCommand('docker', ['manifest', 'inspect', image], { timeoutMs: registryMsMax });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
