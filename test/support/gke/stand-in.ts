/**
 * Runs a command with stand-ins for Google Cloud: `node test/support/gke/stand-in.ts make deploy-gke …`. gcloud and docker
 * are programs on PATH that answer from a table and record their command lines; Kubernetes is a small API server, whose
 * pods are real etcd and sharder processes. What a run makes stays in `<state folder>/stand-in` for the next run.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { obtainEtcd } from '../../../cluster/etcd/choose-etcd.ts';
import { etcdSearch } from '../../../cluster/etcd/etcd-binary.ts';
import { checkout } from './checkout.ts';
import { cloudFiles } from './cloud-files.ts';
import { DataPlane } from './data-plane.ts';
import { KubernetesApi } from './kubernetes-api.ts';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('name a command to run with the stand-ins');
const files = cloudFiles(join(resolve(process.env['VASE_STATE'] || join(checkout, '.vase')), 'stand-in'));

const programs = join(files.folder, 'bin');
mkdirSync(programs, { recursive: true });
for (const name of ['gcloud', 'docker', 'gke-gcloud-auth-plugin']) {
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'program.ts')}' ${name} "$@"\n`;
  writeFileSync(join(programs, name), script, { mode: 0o755 });
}

const { binary: etcd } = await obtainEtcd(
  etcdSearch({ environment: process.env, binaries: join(checkout, '.vase', 'bin') }),
  { signal: new AbortController().signal },
);
const dataPlane = new DataPlane(files, etcd.path);
const api = new KubernetesApi(files, dataPlane);
const child = spawn(command, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${programs}:${process.env['PATH']}`,
    STAND_IN_FOLDER: files.folder,
    STAND_IN_API: await api.start(),
  },
});
// Ctrl-C reaches the command too; the command decides what to do.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
  api.stop();
  void dataPlane.stop();
});
