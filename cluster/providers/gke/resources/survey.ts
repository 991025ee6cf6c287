/** Finds which of a cluster's resources exist: looks at each one, and changes nothing. */
import type { Cloud } from './cloud.ts';
import { enabledApis, listApis } from './project-resources.ts';
import type { CloudResource, ResourceState } from './resource.ts';
import type { GkeTarget } from './target.ts';

export interface SurveyedResource {
  resource: CloudResource;
  state: ResourceState;
}

/** In the order of the resources. A resource whose API is off is missing, and is not looked up. */
export async function surveyResources(
  target: GkeTarget,
  { cloud, resources }: { cloud: Cloud; resources: readonly CloudResource[] },
): Promise<SurveyedResource[]> {
  const enabled = enabledApis(await cloud.look(listApis(target)));
  const surveyed: SurveyedResource[] = [];
  for (const resource of resources) {
    const isOff = resource.api !== null && !enabled.has(resource.api);
    surveyed.push({ resource, state: isOff ? { kind: 'missing' } : await stateOf(cloud, resource) });
  }
  return surveyed;
}

export async function stateOf(cloud: Cloud, resource: CloudResource): Promise<ResourceState> {
  const description = await cloud.look(resource.describe);
  return description === null ? { kind: 'missing' } : resource.judge(description);
}
