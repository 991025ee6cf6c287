/** Objects as YAML documents: the same bytes for the same objects, without anchors and without folded lines. */
import { stringify } from 'yaml';

const header = '# Made by `vase generate`. Changes are lost when it runs again.\n';

export function writeYaml(objects: readonly object[]): string {
  const documents = objects.map((object) =>
    stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' }),
  );
  return header + documents.join('---\n');
}
