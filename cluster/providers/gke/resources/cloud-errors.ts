/**
 * What gcloud's failures mean, recognised by what it prints: one sentence and the next step for each that a user can meet.
 * An unrecognised failure stays the failed command with its output.
 */
import { ClusterError } from '../../../errors.ts';
import { CommandError } from '../../../host/command-error.ts';

export type CloudFault =
  'no-program' | 'login' | 'api' | 'billing' | 'quota' | 'permission' | 'network' | 'in-use';

/** A failure that a user can mend. */
export class CloudError extends ClusterError {
  override name = 'CloudError';
  readonly fault: CloudFault;

  constructor(fault: CloudFault, message: string, options: { nextStep: string; cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}

interface Meaning {
  fault: CloudFault;
  pattern: RegExp;
  message: (match: RegExpExecArray) => string;
  nextStep: (match: RegExpExecArray, project: string) => string;
}

const installGcloud =
  "Install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install), then `gcloud auth login`. On Debian: `apt-get install google-cloud-cli google-cloud-cli-gke-gcloud-auth-plugin` from Google's repository.";

/** In this order: for an API that is off, gcloud also reports a missing permission. */
const meanings: readonly Meaning[] = [
  {
    fault: 'login',
    pattern:
      /do not currently have an active account|Reauthentication|invalid_grant|gcloud auth login|problem refreshing/i,
    message: () => 'gcloud is not logged in',
    nextStep: () => 'Run `gcloud auth login`. No service-account key is needed.',
  },
  {
    fault: 'api',
    pattern:
      /(?:API|service)[^\n]*?\[?([a-z0-9-]+\.googleapis\.com)\]?[^\n]*(?:not enabled|disabled|has not been used)|SERVICE_DISABLED/i,
    message: (match) => `${match[1] ?? 'a Google API'} is not enabled in the project`,
    nextStep: (match, project) =>
      `Run \`gcloud services enable ${match[1] ?? 'serviceusage.googleapis.com'} --project=${project}\`, wait a minute, and run this again.`,
  },
  {
    fault: 'billing',
    pattern: /BILLING_DISABLED|billing (?:account|must be|is not)[^\n]*|requires billing/i,
    message: () => 'the project has no billing account that works',
    nextStep: (_match, project) =>
      `Link one: https://console.cloud.google.com/billing/linkedaccount?project=${project}`,
  },
  {
    fault: 'in-use',
    pattern: /resource '?[^' ]*?([^/' ]+)'? is already being used by '?[^' ]*?([^/' ]+\/[^/' ]+)'?/i,
    message: (match) => `${match[1]} is still used by ${match[2]}`,
    nextStep: () => 'Delete that, then run this again; it continues.',
  },
  {
    fault: 'quota',
    pattern: /quota[^\n]*/i,
    message: (match) => `Google refuses for want of quota: ${match[0]}`,
    nextStep: (_match, project) =>
      `Ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${project}, or take fewer shards or smaller disks; then run this again, it continues.`,
  },
  {
    fault: 'permission',
    pattern:
      /PERMISSION_DENIED|does not have permission|code=403|Required '[^']+' permission|[^\n]*forbidden/i,
    message: () => 'your account may not do this in the project',
    nextStep: (_match, project) =>
      `Check the project's id and the account (\`gcloud auth list\`); else ask an owner of ${project} for the roles Kubernetes Engine Admin, Compute Network Admin, Artifact Registry Admin, Service Account Admin and Project IAM Admin.`,
  },
  {
    fault: 'network',
    pattern:
      /Could not reach|Unable to find the server|Failed to establish|Network is unreachable|Name or service not known|network connectivity|Connection (?:refused|reset|timed out)/i,
    message: () => 'Google does not answer: there seems to be no network',
    nextStep: () =>
      'Check the connection (`gcloud info --run-diagnostics`) and run this again; it continues.',
  },
];

const notFound = /NOT_FOUND|was not found|not found|code=404|does not exist/i;

/** Whether the command says that the resource does not exist. */
export function isNotFound(error: CommandError): boolean {
  return !/SERVICE_DISABLED|PERMISSION_DENIED|permission/i.test(error.output) && notFound.test(error.output);
}

/** @param program "gcloud" or "docker". */
export function explainFailure(error: CommandError, known: { program: string; project: string }): Error {
  if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    return notInstalled(known.program, error);
  if (known.program !== 'gcloud') return error;
  for (const { fault, pattern, message, nextStep } of meanings) {
    const match = pattern.exec(error.output);
    if (match === null) continue;
    return new CloudError(fault, `${message(match)} (${error.command.split(' ').slice(0, 5).join(' ')})`, {
      nextStep: nextStep(match, known.project),
      cause: error,
    });
  }
  return error;
}

function notInstalled(program: string, cause: CommandError): CloudError {
  if (program === 'gcloud') {
    return new CloudError('no-program', 'gcloud is not installed', { nextStep: installGcloud, cause });
  }
  return new CloudError('no-program', `${program} is not installed; the image is built with it`, {
    nextStep: 'Install Docker (https://docs.docker.com/engine/install/) and run this again; it continues.',
    cause,
  });
}
