/**
 * What deploying would do, found without changes: which resources exist and which would be made with which command, which
 * objects would change, and what the cluster would cost.
 */
import { buildObjectGroups } from '../../manifests/object-groups.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Cloud } from './resources/cloud.ts';
import { estimateCost, type CostEstimate } from './cost-estimate.ts';
import { gkeBlueprint } from './gke-blueprint.ts';
import { imageResource } from './resources/image-resource.ts';
import { listResources } from './resources/list-resources.ts';
import type { ObjectChange } from './object-changes.ts';
import { ownImage } from './resources/registry-resources.ts';
import { type CloudCommand, type CloudResource, commandLine } from './resources/resource.ts';
import { sizingOf, type Sizing } from './resources/sizing.ts';
import { type SurveyedResource, surveyResources } from './resources/survey.ts';
import type { GkeTarget } from './resources/target.ts';

export interface GkePlan {
  target: GkeTarget;
  topology: Topology;
  resources: PlannedResource[];
  objects: ObjectChange[];
  cost: CostEstimate;
}

export interface PlannedResource {
  id: string;
  title: string;
  action: 'none' | 'create' | 'update' | 'wait' | 'impossible';
  /** Why the resource must be updated or waited for, or is impossible; else empty. */
  why: string;
  /** Command lines, as a user would type them. */
  commands: string[];
}

/** What the resources depend on besides the target. */
export interface PlanBasis {
  sizing: Sizing;
  /** All but the image, which is made last. */
  resources: CloudResource[];
}

export function planBasis(target: GkeTarget, topology: Topology): PlanBasis {
  const image = ownImage(target);
  const groups = buildObjectGroups(gkeBlueprint(target, { topology, image, secretsMark: null }));
  const sizing = sizingOf(groups.flatMap(({ objects }) => objects));
  return { sizing, resources: listResources(target, { sizing, etcdImage: topology.images.etcd }) };
}

/** @param plan.readObjects is asked for the objects once it is known whether there is a cluster. */
export async function makePlan(
  target: GkeTarget,
  plan: {
    topology: Topology;
    cloud: Cloud;
    imageTag: string;
    readObjects: (hasCluster: boolean) => Promise<ObjectChange[]>;
  },
): Promise<GkePlan> {
  const { topology, cloud, imageTag, readObjects } = plan;
  const { sizing, resources } = planBasis(target, topology);
  const all = [...resources, imageResource(target, imageTag)];
  const surveyed = await surveyResources(target, { cloud, resources: all });
  const cluster = surveyed.find(({ resource }) => resource.id === 'cluster')!.state.kind;
  return {
    target,
    topology,
    resources: surveyed.map((found) => plannedResource(found)),
    objects: await readObjects(cluster === 'there' || cluster === 'outdated'),
    cost: estimateCost(target, sizing),
  };
}

function plannedResource({ resource, state }: SurveyedResource): PlannedResource {
  const { id, title, create } = resource;
  const lines = (commands: readonly CloudCommand[]) => commands.map((command) => commandLine(command));
  switch (state.kind) {
    case 'there':
      return { id, title, action: 'none', why: '', commands: [] };
    case 'missing':
      return { id, title, action: 'create', why: '', commands: lines(create) };
    case 'outdated':
      return { id, title, action: 'update', why: state.why, commands: lines(state.update) };
    case 'settling':
      return { id, title, action: 'wait', why: state.why, commands: [] };
    case 'unfit':
      return { id, title, action: 'impossible', why: `${state.why}. ${state.nextStep}`, commands: [] };
  }
}
