import { expect, test } from 'vitest';
import {
  CloudError,
  explainFailure,
  isNotFound,
} from '../../../../../../cluster/providers/gke/resources/cloud-errors.ts';
import { CommandError } from '../../../../../../cluster/host/command-error.ts';

const failure = (stderr: string, cause?: unknown) =>
  new CommandError({
    command: 'gcloud container clusters create vase',
    result: { exitCode: 1, stdout: '', stderr },
    message: 'failed',
    cause,
  });
const explain = (error: CommandError) => explainFailure(error, { program: 'gcloud', project: 'my-project' });

// As gcloud prints them.
test.each<[string, string, RegExp]>([
  [
    'login',
    'You do not currently have an active account selected.\nPlease run:\n\n  $ gcloud auth login',
    /gcloud auth login/,
  ],
  [
    'login',
    'There was a problem refreshing your current auth tokens: invalid_grant: Bad Request',
    /gcloud auth login/,
  ],
  [
    'api',
    'PERMISSION_DENIED: Kubernetes Engine API has not been used in project 1 before or it is disabled. reason: SERVICE_DISABLED',
    /gcloud services enable/,
  ],
  [
    'api',
    'API [container.googleapis.com] not enabled on project [my-project].',
    /enable container\.googleapis\.com --project=my-project/,
  ],
  [
    'quota',
    'Insufficient regional quota to satisfy request: resource "CPUS": request requires \'12.0\'',
    /iam-admin\/quotas\?project=my-project/,
  ],
  [
    'permission',
    'ResponseError: code=403, message=Required "container.clusters.create" permission(s)',
    /roles Kubernetes Engine Admin/,
  ],
  [
    'billing',
    'FAILED_PRECONDITION: Billing account for project 1 is not found. Billing must be enabled',
    /linkedaccount\?project=my-project/,
  ],
  [
    'network',
    'gcloud crashed (ConnectionError): Failed to establish a new connection',
    /no network|connection/,
  ],
  [
    'in-use',
    "The subnetwork resource 'projects/p/regions/r/subnetworks/vase' is already being used by 'projects/p/zones/z/instances/gke-1'",
    /Delete that/,
  ],
])('what gcloud says of %s is told in a sentence, with the next step', (fault, stderr, nextStep) => {
  const error = explain(failure(stderr));
  expect(error).toBeInstanceOf(CloudError);
  expect((error as CloudError).fault).toBe(fault);
  expect((error as CloudError).nextStep).toMatch(nextStep);
});

test('without gcloud it says what to install', () => {
  const error = explain(failure('', Object.assign(new Error('spawn gcloud ENOENT'), { code: 'ENOENT' })));
  expect((error as CloudError).message).toBe('gcloud is not installed');
  expect((error as CloudError).nextStep).toMatch(/cloud\.google\.com\/sdk\/docs\/install/);
});

test('what is not recognised stays the failed command with its output', () => {
  const error = failure('the moon is in the wrong house');
  expect(explain(error)).toBe(error);
});

test.each<[boolean, string]>([
  [true, 'NOT_FOUND: Requested entity was not found.'],
  [true, 'ResponseError: code=404, message=Not found: projects/p/locations/r/clusters/vase.'],
  [true, "The resource 'projects/p/global/networks/vase' was not found"],
  [true, 'Image not found.'],
  [false, 'PERMISSION_DENIED: project was not found or you lack permission'],
  [false, 'API has not been used: SERVICE_DISABLED, the entity was not found'],
])('%s: it is missing, of "%s"', (missing, stderr) => {
  expect(isNotFound(failure(stderr))).toBe(missing);
});
