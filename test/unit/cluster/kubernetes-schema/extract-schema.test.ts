import { expect, test } from 'vitest';
import {
  extractSchema,
  writtenKinds,
  type OpenApiDocument,
} from '../../../../cluster/kubernetes-schema/extract-schema.ts';

const leaf = { type: 'object', properties: { size: { type: 'integer', format: 'int32' } } };

function documentOf(kind: object): OpenApiDocument {
  const kinds = Object.values(writtenKinds).map((name) => [name, kind]);
  return { definitions: { ...Object.fromEntries(kinds), 'a.Leaf': leaf, 'an.Unused': leaf } };
}

const namespace = writtenKinds['v1 Namespace']!;

test('keeps what the kinds refer to, closes every object, and drops descriptions and status', () => {
  const { definitions } = extractSchema(
    documentOf({
      description: 'long',
      required: ['leaf'],
      properties: {
        leaf: { $ref: '#/definitions/a.Leaf' },
        leaves: { type: 'array', items: { $ref: '#/definitions/a.Leaf' } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        port: { type: 'string', format: 'int-or-string' },
        status: { $ref: '#/definitions/an.Unused' },
      },
    }),
    '1.0',
  );
  expect(definitions).not.toHaveProperty(['an.Unused']);
  expect(definitions['a.Leaf']).toEqual({
    type: 'object',
    properties: { size: { type: 'integer' } },
    additionalProperties: false,
  });
  expect(definitions[namespace]).toEqual({
    type: 'object',
    required: ['leaf'],
    properties: {
      leaf: { $ref: '#/definitions/a.Leaf' },
      leaves: { type: 'array', items: { $ref: '#/definitions/a.Leaf' } },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      port: { type: ['integer', 'string'] },
    },
    additionalProperties: false,
  });
});

test('refuses a document that lacks a kind', () => {
  expect(() => extractSchema({ definitions: {} }, '1.0')).toThrow(/has no io\.k8s/);
});
