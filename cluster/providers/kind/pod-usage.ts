/** Usage of pods in the nodes of a kind cluster, by containerd's figures for each container. */
import { z } from 'zod';
import { listNodes, runInNode } from './kind-command.ts';
import type { ProcessUsage } from '../../host/usage.ts';

const whole = z.union([z.string(), z.number()]).transform(Number);
const statsSchema = z.object({
  stats: z.array(
    z.object({
      attributes: z.object({ labels: z.record(z.string(), z.string()) }),
      cpu: z.object({ usageCoreNanoSeconds: z.object({ value: whole }) }).optional(),
      memory: z.object({ workingSetBytes: z.object({ value: whole }) }).optional(),
    }),
  ),
});

/** All pods of all nodes of the kind cluster, by name. */
export async function readPods(cluster: string): Promise<Map<string, ProcessUsage>> {
  const nodes = (await listNodes(cluster)).filter(({ runs }) => runs);
  const answers = await Promise.all(
    nodes.map(({ name }) => runInNode(name, ['crictl', 'stats', '-o', 'json'])),
  );
  return new Map(answers.flatMap((answer) => [...parsePodStats(answer)]));
}

/** @param answer what `crictl stats -o json` prints. Containers of one pod are added up. */
export function parsePodStats(answer: string): Map<string, ProcessUsage> {
  const pods = new Map<string, ProcessUsage>();
  for (const { attributes, cpu, memory } of statsSchema.parse(JSON.parse(answer)).stats) {
    const name = attributes.labels['io.kubernetes.pod.name'];
    if (name === undefined || cpu === undefined || memory === undefined) continue;
    const { cpuSeconds, memoryBytes } = pods.get(name) ?? { cpuSeconds: 0, memoryBytes: 0 };
    pods.set(name, {
      cpuSeconds: cpuSeconds + cpu.usageCoreNanoSeconds.value / 1e9,
      memoryBytes: memoryBytes + memory.workingSetBytes.value,
    });
  }
  return pods;
}
