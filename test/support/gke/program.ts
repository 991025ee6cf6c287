/** A stand-in for gcloud, docker and gke-gcloud-auth-plugin: `node program.ts <name> <arguments>`. */
import { answer } from './cloud.ts';
import { cloudFiles } from './cloud-files.ts';

const [program, ...args] = process.argv.slice(2);
const folder = process.env['STAND_IN_FOLDER'];
if (folder === undefined) throw new Error('STAND_IN_FOLDER is not set');
if (program === 'gke-gcloud-auth-plugin') {
  process.stdout.write('Kubernetes v1.32.0\n');
} else {
  const { exitCode, stdout, stderr } = answer(cloudFiles(folder), { program: program!, args });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}
