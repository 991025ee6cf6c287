/** The files of a deployment: one manifest for each group of objects, numbered in the order of applying, and deploy.sh. */
import { deployScript } from './deploy-script.ts';
import { buildObjectGroups } from './object-groups.ts';
import type { Blueprint } from './overlay.ts';
import { writeYaml } from './write-yaml.ts';

export interface DeploymentFile {
  name: string;
  content: string;
  executable: boolean;
}

/** Returns the same bytes for the same blueprint. */
export function deploymentFiles(blueprint: Blueprint): DeploymentFile[] {
  const groups = buildObjectGroups(blueprint);
  const digits = String(groups.length).length;
  const manifests = groups.map(({ name, objects }, index) => ({
    name: `${String(index + 1).padStart(digits, '0')}-${name}.yaml`,
    content: writeYaml(objects),
    executable: false,
  }));
  const script = deployScript(
    blueprint.topology,
    manifests.map((file) => file.name),
  );
  return [...manifests, { name: 'deploy.sh', content: script, executable: true }];
}
