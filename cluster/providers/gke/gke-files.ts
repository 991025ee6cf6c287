/** Where in the state folder the files are with what this machine knows of a cluster on GKE. */
import path from 'node:path';

export interface GkeFiles {
  folder: string;
  /** kubectl's settings for this cluster alone. Names a program that asks gcloud; holds no secret. */
  kubeconfig: string;
  /** Authorities, certificates and keys; only the owner can read it. */
  certificates: string;
  /** docker's settings for the push. */
  docker: string;
  /** What users of a public endpoint send. */
  token: string;
  state: string;
}

export function gkeFiles(stateRoot: string): GkeFiles {
  const folder = path.join(path.resolve(stateRoot), 'gke');
  const file = (name: string) => path.join(folder, name);
  return {
    folder,
    kubeconfig: file('kubeconfig'),
    certificates: file('certificates'),
    docker: file('docker'),
    token: file('token'),
    state: file('cluster.json'),
  };
}
