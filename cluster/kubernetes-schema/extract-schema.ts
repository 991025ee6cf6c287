/**
 * Cuts Kubernetes' own OpenAPI document down to a closed JSON schema of the kinds that Vase writes: descriptions and
 * status fields gone, unknown fields refused everywhere. A pure function of the document.
 */

/** The kinds that Vase writes, each with the definition in Kubernetes 1.20 that describes it. */
export const writtenKinds: Readonly<Record<string, string>> = {
  'v1 Namespace': 'io.k8s.api.core.v1.Namespace',
  'v1 ConfigMap': 'io.k8s.api.core.v1.ConfigMap',
  'v1 Service': 'io.k8s.api.core.v1.Service',
  'apps/v1 StatefulSet': 'io.k8s.api.apps.v1.StatefulSet',
  'apps/v1 Deployment': 'io.k8s.api.apps.v1.Deployment',
  'storage.k8s.io/v1 StorageClass': 'io.k8s.api.storage.v1.StorageClass',
  'networking.k8s.io/v1 NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
  'v1 ServiceAccount': 'io.k8s.api.core.v1.ServiceAccount',
  'rbac.authorization.k8s.io/v1 Role': 'io.k8s.api.rbac.v1.Role',
  'rbac.authorization.k8s.io/v1 RoleBinding': 'io.k8s.api.rbac.v1.RoleBinding',
  // Kubernetes 1.20 has these two under the versions from which 1.21 and 1.23 made the stable ones; their specs only
  // gained optional fields on the way.
  'policy/v1 PodDisruptionBudget': 'io.k8s.api.policy.v1beta1.PodDisruptionBudget',
  'autoscaling/v2 HorizontalPodAutoscaler': 'io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscaler',
};

export interface OpenApiDocument {
  definitions: Record<string, OpenApiSchema>;
}

interface OpenApiSchema {
  $ref?: string;
  type?: string;
  format?: string;
  required?: string[];
  properties?: Record<string, OpenApiSchema>;
  additionalProperties?: OpenApiSchema;
  items?: OpenApiSchema;
}

export interface ClosedSchema {
  /** The Kubernetes release whose document this was cut from. */
  release: string;
  /** "apiVersion kind" -> name of its definition. */
  kinds: Readonly<Record<string, string>>;
  definitions: Record<string, object>;
}

const reference = '#/definitions/';

/** @throws Error when the document lacks one of the kinds. */
export function extractSchema(document: OpenApiDocument, release: string): ClosedSchema {
  const definitions: Record<string, object> = {};
  const waiting = Object.values(writtenKinds);
  // Bounded: every definition is taken once.
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (definitions[name] !== undefined) continue;
    const source = document.definitions[name];
    if (source === undefined) throw new Error(`the OpenAPI document has no ${name}`);
    definitions[name] = close(source, (referenced) => waiting.push(referenced));
  }
  const byName = Object.entries(definitions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { release, kinds: writtenKinds, definitions: Object.fromEntries(byName) };
}

function close(schema: OpenApiSchema, onReference: (name: string) => void): object {
  if (schema.$ref !== undefined) {
    onReference(schema.$ref.slice(reference.length));
    return { $ref: schema.$ref };
  }
  if (schema.format === 'int-or-string') return { type: ['integer', 'string'] };
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).filter(([field]) => field !== 'status');
    return {
      type: 'object',
      ...(schema.required === undefined ? {} : { required: schema.required }),
      properties: Object.fromEntries(fields.map(([field, value]) => [field, close(value, onReference)])),
      additionalProperties: false,
    };
  }
  if (schema.additionalProperties !== undefined) {
    return { type: 'object', additionalProperties: close(schema.additionalProperties, onReference) };
  }
  if (schema.items !== undefined) return { type: 'array', items: close(schema.items, onReference) };
  return schema.type === undefined ? {} : { type: schema.type };
}
