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
  '400': {
    description: 'Bad request, query parameters and fields that are not known included; not applied.',
    content: json(ref('Error')),
  },
  '403': {
    description: 'For another host than this server, or on behalf of a page of another origin; not applied.',
    content: json(ref('Error')),
  },
  '412': { description: 'The condition does not hold; not applied.', content: json(ref('Error')) },
  '413': { description: 'Key, value, body or answer too large; not applied.', content: json(ref('Error')) },
  '429': { description: 'A bounded queue or budget is full; not applied.', content: json(ref('Error')) },
  '503': { description: 'No shard could take it; not applied.', content: json(ref('Error')) },
  '504': { description: 'No answer in time; it may have been applied.', content: json(ref('Error')) },
  '507': {
    description:
      'The shard is full; `definite` says whether the put is certainly not applied. Deletes are taken.',
    content: json(ref('Error')),
  },
};
const unchanged = { '304': { description: 'If-None-Match names the current version.' } };
const missing = { '404': { description: 'There is no such key.', content: json(ref('Error')) } };
const notJson = {
  '415': {
    description: 'The content is coded, or is not said to be application/json; not applied.',
    content: json(ref('Error')),
  },
};
const coded = { '415': { description: 'The content is coded; not applied.', content: json(ref('Error')) } };
const condition = [
  {
    name: 'If-Match',
    in: 'header',
    description:
      'Entity tags such as "7", "8", of which the key has one now, or *: the key is there. 8 versions for a write.',
    schema: { type: 'string' },
  },
  {
    name: 'If-None-Match',
    in: 'header',
    description:
      'Entity tags of which the key has none now, or *: the key is missing. A read ends with 304 else.',
    schema: { type: 'string' },
  },
];
const named = [
  {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Names the request in its answer and in the log: 1 to 128 visible ASCII characters.',
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
      parameters: [key, ...named],
      get: {
        summary: 'Read a value.',
        parameters: condition,
        responses: {
          '200': { description: 'The value.', headers: etag, content: bytes },
          ...unchanged,
          ...missing,
          ...errors,
        },
      },
      put: {
        summary: 'Write a value of at most 1 MiB.',
        parameters: condition,
        requestBody: { required: true, content: bytes },
        responses: {
          '201': {
            description: 'Created, of which If-None-Match: * is the proof.',
            headers: etag,
          },
          '204': {
            description:
              'Written. Without that condition it may be new, too: it is not looked at beforehand.',
            headers: etag,
          },
          ...coded,
          ...errors,
        },
      },
      delete: {
        summary: 'Delete a key.',
        parameters: condition,
        responses: { '204': { description: 'Deleted.', headers: etag }, ...missing, ...errors },
      },
    },
    '/v1/batch': {
      post: {
        summary:
          'Up to 1000 operations, each with its own outcome; those on one key in order. 8 MiB each way.',
        requestBody: { required: true, content: json(ref('Batch')) },
        responses: {
          '200': { description: 'One result for each operation.', content: json(ref('BatchResults')) },
          ...notJson,
          ...errors,
        },
      },
    },
    '/set': {
      put: {
        summary: "The original write. Conditions are about the key's version, as at /v1/kv.",
        parameters: condition,
        requestBody: { required: true, content: json(ref('Set')) },
        responses: { ...original, ...notJson },
      },
    },
    '/get/{key}': {
      parameters: [key, ...condition],
      get: { summary: 'The original read; its ETag is weak.', responses: { ...original, ...unchanged } },
    },
    '/delete/{key}': {
      parameters: [key, ...condition],
      delete: { summary: 'The original delete.', responses: original },
    },
    '/{key}': {
      parameters: [key, ...condition],
      get: { summary: 'Short for /get/{key}.', responses: { ...original, ...unchanged } },
    },
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
        additionalProperties: false,
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
