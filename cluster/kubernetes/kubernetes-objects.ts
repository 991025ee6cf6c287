/** What is said to Kubernetes and what it answers, as plain data: objects are as in YAML. */

/** Any object, as in YAML. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    uid?: string;
  };
}

export interface ObjectName {
  apiVersion: string;
  kind: string;
  name: string;
  /** Left out for what has none. */
  namespace?: string;
}

export interface ObjectSelection {
  apiVersion: string;
  kind: string;
  namespace: string;
  /** All of these, where given. */
  labels?: Readonly<Record<string, string>>;
}

export interface LogRequest {
  namespace: string;
  pod: string;
  container: string;
  lines: number;
  /** Of the container's run before this one. */
  previous?: boolean;
}
