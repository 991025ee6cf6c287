// The page of the API has every code of an error, and every route.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApi } from '../../../sharder/http/openapi.ts';
import { SourceTree } from '../../support/source-tree.ts';

const tree = new SourceTree(join(import.meta.dirname, '..', '..', '..'));
const page = tree.read('docs/api.md');
const edge = [...tree.files].filter((file) => /^(sharder\/http|cluster\/viewserver)\/.*\.ts$/.test(file));
const source = edge.map((file) => tree.read(file)).join('\n');

test('every code of an error is on the page, with its status', () => {
  const thrown = [...source.matchAll(/new HttpError\(\s*(\d+),\s*'([a-z_-]+)'/g)];
  const codes = thrown.map(([, status, code]) => ({ status, code }));
  expect(codes.length).toBeGreaterThan(20);
  const rows = page.split('\n').filter((line) => /^\| \d{3} /.test(line));
  const missing = codes.filter(
    ({ status, code }) => !rows.some((row) => row.startsWith(`| ${status} `) && row.includes(`\`${code}\``)),
  );
  expect(missing).toEqual([]);
  const refusals = [...source.matchAll(/new RefusedError\(\s*'([a-z-]+)'/g)].map(([, code]) => code!);
  expect(refusals.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});

test('every route is on the page', () => {
  const described = Object.keys(openApi.paths).map((path) => path.replace('{key}', '<key>'));
  const own = [...source.matchAll(/method: '([A-Z]+)', path: \/\^([^$]+)\$\//g)].map(
    ([, method, path]) => `${method} \`${path!.replaceAll('\\/', '/').replace('([^/]+)', '<id>')}\``,
  );
  expect(own.length).toBeGreaterThan(10);
  const routes = [...described, ...own];
  expect(routes.filter((route) => !page.includes(route))).toEqual([]);
});
