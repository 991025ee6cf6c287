/**
 * Checks an object against Kubernetes' own schema, offline and closed: a field that Kubernetes does not know is an
 * error too. The schema is that of 1.20, the oldest server that Vase runs on; stable fields are never removed, so every
 * later server understands an object that conforms to it. (The compiler checks the same objects against 1.30's types.)
 */
import { Ajv, type ValidateFunction } from 'ajv';
import schema from '../kubernetes-schema/kubernetes-1.20.2.json' with { type: 'json' };

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: unknown;
  data?: Record<string, string>;
}

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
ajv.addSchema({ $id: 'kubernetes', definitions: schema.definitions });
const kinds: Readonly<Record<string, string>> = schema.kinds;

/** What is wrong with the object, one sentence each; empty when it conforms. */
export function objectFaults(object: KubernetesObject): string[] {
  const validate = validator(`${object.apiVersion} ${object.kind}`);
  if (validate === undefined) return [`${object.apiVersion} ${object.kind} is not a kind that Vase writes`];
  if (validate(object)) return [];
  return (validate.errors ?? []).map((error) => {
    const detail =
      error.params['additionalProperty'] === undefined ? '' : ` (${error.params['additionalProperty']})`;
    return `${error.instancePath || '/'} ${error.message ?? error.keyword}${detail}`;
  });
}

/** @throws Error that names the object and its faults. */
export function assertValidObject(object: KubernetesObject): void {
  const faults = objectFaults(object);
  if (faults.length > 0) {
    throw new Error(`${object.kind} ${object.metadata.name} is not valid: ${faults.join('; ')}`);
  }
}

function validator(kind: string): ValidateFunction | undefined {
  const definition = kinds[kind];
  return definition === undefined ? undefined : ajv.getSchema(`kubernetes#/definitions/${definition}`);
}
