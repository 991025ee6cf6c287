import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deploymentFiles } from '../../../../cluster/manifests/deployment-files.ts';
import { blueprintOf, objectsOf } from './rendering.ts';

describe('the files of a deployment', () => {
  test.each(['kind', 'gke'] as const)('are the same bytes every time, for %s', (overlay) => {
    const input = { shards: 11, sharders: 4 };
    expect(deploymentFiles(blueprintOf(input, overlay))).toEqual(
      deploymentFiles(blueprintOf(input, overlay)),
    );
  });

  test('hold exactly the objects, in order, as YAML of which no part refers to another', () => {
    const blueprint = blueprintOf({ shards: 11 });
    const manifests = deploymentFiles(blueprint).filter(({ name }) => name.endsWith('.yaml'));
    const names = manifests.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    const read = manifests.flatMap(({ content }) =>
      parseAllDocuments(content, { version: '1.1' }).map((document) => document.toJS() as object),
    );
    expect(read).toEqual(objectsOf(blueprint));
    for (const { content } of manifests) expect(content).not.toMatch(/[:-] [&*]a\d/);
  });

  test('list every manifest in deploy.sh', () => {
    const files = deploymentFiles(blueprintOf());
    const script = files.find(({ name }) => name === 'deploy.sh')!;
    expect(script.executable).toBe(true);
    for (const { name } of files.filter((file) => file !== script))
      expect(script.content).toContain(`  ${name}\n`);
  });
});
