/** The API's description, OpenAPI 3.1. */

const key = {
  name: 'key',
  in: 'path',
  required: true,
  description: 'UTF-8, percent-encoded, 1 to 1024 bytes, no NUL.',
  schema: { type: 'string' },
};
const json = (schema: object) => ({ 'application/json': { schema } });
const bytes = {
  'application/octet-stream': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } },
};
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const etag = { ETag: { description: "The key's version in quotes.", schema: { type: 'string' } } };
const errors = {
  '400': { description: 'Bad request; not applied.', content: json(ref('Error')) },
  '413': { description: 'Key, value or body too large; not applied.', content: json(ref('Error')) },
  '429': { description: 'A bounded queue is full; not applied.', content: json(ref('Error')) },
  '503': { description: 'No shard could take it; not applied.', content: json(ref('Error')) },
  '504': { description: 'No answer in time; it may have been applied.', content: json(ref('Error')) },
};
const missing = { '404': { description: 'There is no such key.', content: json(ref('Error')) } };
const conflict = {
  '412': { description: 'The condition does not hold; not applied.', content: json(ref('Error')) },
};
const condition = [
  { name: 'If-Match', in: 'header', description: '"<version>" or *.', schema: { type: 'string' } },
  {
    name: 'If-None-Match',
    in: 'header',
    description: '*: only if the key is missing.',
    schema: { type: 'string' },
  },
];
const original = {
  '200': {
    description: "etcd v2's answer under data; errorCode 100 when missing.",
    content: json(ref('Original')),
  },
  ...errors,
};
const probe = (summary: string) => ({
  get: { summary, responses: { '200': { description: 'Yes.' }, '503': { description: 'No.' } } },
});

export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Vase',
    version: '1',
    description: 'A sharded, linearizable key-value store on etcd.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  paths: {
    '/v1/kv/{key}': {
      parameters: [key],
      get: {
        summary: 'Read a value.',
        responses: {
          '200': { description: 'The value.', headers: etag, content: bytes },
          '304': { description: 'If-None-Match names the current version.' },
          ...missing,
          ...errors,
        },
      },
      put: {
        summary: 'Write a value of at most 1 MiB.',
        parameters: condition,
        requestBody: { required: true, content: bytes },
        responses: { '204': { description: 'Written.', headers: etag }, ...conflict, ...errors },
      },
      delete: {
        summary: 'Delete a key.',
        parameters: condition,
        responses: { '204': { description: 'Deleted.', headers: etag }, ...missing, ...conflict, ...errors },
      },
    },
    '/v1/batch': {
      post: {
        summary: 'Up to 1000 operations, each with its own outcome; those on one key in order.',
        requestBody: { required: true, content: json(ref('Batch')) },
        responses: {
          '200': { description: 'One result for each operation.', content: json(ref('BatchResults')) },
          ...errors,
        },
      },
    },
    '/set': {
      put: {
        summary: 'The original write.',
        requestBody: { required: true, content: json(ref('Set')) },
        responses: original,
      },
    },
    '/get/{key}': { parameters: [key], get: { summary: 'The original read.', responses: original } },
    '/delete/{key}': { parameters: [key], delete: { summary: 'The original delete.', responses: original } },
    '/{key}': { parameters: [key], get: { summary: 'Short for /get/{key}.', responses: original } },
    '/': {
      get: {
        summary: 'The shards.',
        responses: { '200': { description: 'Shards, their endpoints and slots.' }, ...errors },
      },
    },
    '/livez': probe('Does the process answer?'),
    '/readyz': probe('Should it get requests?'),
    '/metrics': {
      get: { summary: 'Prometheus metrics.', responses: { '200': { description: 'Text format.' } } },
    },
  },
  components: {
    schemas: {
      Error: {
        type: 'object',
        properties: {
          error: {
            type: 'object',
            properties: {
              code: { type: 'string' },
              message: { type: 'string' },
              definite: { type: 'boolean', description: 'True when certainly not applied.' },
            },
            required: ['code', 'message', 'definite'],
          },
        },
        required: ['error'],
      },
      Set: {
        type: 'object',
        properties: { path: { type: 'string' }, value: { type: 'string' } },
        required: ['path', 'value'],
      },
      Original: {
        type: 'object',
        properties: {
          data: { type: 'object' },
          server: { type: 'string' },
          shard: { type: 'object' },
          values: {
            type: 'string',
            description: 'Of a write that was applied: why its values, and the previous ones, are left out.',
          },
        },
        required: ['data', 'server', 'shard'],
      },
      Batch: {
        type: 'object',
        properties: {
          operations: {
            type: 'array',
            maxItems: 1000,
            items: {
              type: 'object',
              properties: {
                op: { enum: ['get', 'put', 'delete'] },
                key: { type: 'string' },
                value: { type: 'string' },
                encoding: { enum: ['utf8', 'base64'] },
                ifVersion: { type: 'integer', minimum: 1 },
                ifAbsent: { const: true },
              },
              required: ['op', 'key'],
              additionalProperties: false,
            },
          },
        },
        required: ['operations'],
      },
      BatchResults: {
        type: 'object',
        properties: {
          results: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                status: { type: 'integer' },
                version: { type: 'integer' },
                value: { type: 'string' },
              },
              required: ['status'],
            },
          },
        },
        required: ['results'],
      },
    },
  },
};
