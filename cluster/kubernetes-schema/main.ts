/**
 * Writes kubernetes-<release>.json beside this file from an OpenAPI document of Kubernetes
 * (api/openapi-spec/swagger.json of its sources): `node cluster/kubernetes-schema/main.ts swagger.json 1.20.2`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { extractSchema, type OpenApiDocument } from './extract-schema.ts';

const [, , source, release] = process.argv;
if (source === undefined || release === undefined) {
  process.stderr.write('usage: node cluster/kubernetes-schema/main.ts <swagger.json> <release>\n');
  process.exit(2);
}
const document = JSON.parse(await readFile(source, 'utf8')) as OpenApiDocument;
const target = new URL(`kubernetes-${release}.json`, import.meta.url);
await writeFile(target, `${JSON.stringify(extractSchema(document, release))}\n`);
