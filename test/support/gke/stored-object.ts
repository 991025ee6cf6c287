/** An object as the stand-in for an API server keeps it. */
export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    [field: string]: unknown;
  };
  spec?: Record<string, unknown> & { replicas?: number; template?: { metadata: object; spec: object } };
  status?: unknown;
  [field: string]: unknown;
}
