/** The requests to Kubernetes and its answers, as plain data: objects have the form of YAML. */

/** Any object, in the form of YAML. */
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
  /** Left out for an object without a namespace. */
  namespace?: string;
}

export interface ObjectSelection {
  apiVersion: string;
  kind: string;
  namespace: string;
  /** The objects have all of these labels, where given. */
  labels?: Readonly<Record<string, string>>;
}

export interface LogRequest {
  namespace: string;
  pod: string;
  container: string;
  lines: number;
  /** Reads the log of the container's previous run. */
  previous?: boolean;
}
