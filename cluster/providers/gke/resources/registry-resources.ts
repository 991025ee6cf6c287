/**
 * Where the nodes get their images: a repository for Vase's own, and one that fetches etcd's from its registry and keeps
 * it. The digest stays etcd's own, so the mirror cannot give another image than the requested one.
 */
import { apis, bindingFilter, readerRole } from './project-resources.ts';
import { change, type CloudResource, look, thereWhenAny } from './resource.ts';
import { type GkeNames, type GkeTarget, namesOf } from './target.ts';

const minute = 60_000;

export function registryResources(target: GkeTarget, etcdImage: string): CloudResource[] {
  const { repository, mirror } = namesOf(target);
  const upstream = upstreamOf(etcdImage);
  const own = repositoryResources(target, {
    id: 'repository',
    name: repository,
    title: `image repository ${repository}`,
    mode: [],
  });
  if (upstream === null) return own;
  const mode = ['--mode=remote-repository', `--remote-docker-repo=${upstream}`];
  const title = `image repository ${mirror}, a mirror of ${upstream}`;
  return [...own, ...repositoryResources(target, { id: 'mirror', name: mirror, title, mode })];
}

function repositoryResources(
  target: GkeTarget,
  repository: { id: string; name: string; title: string; mode: string[] },
): CloudResource[] {
  const { id, name, title, mode } = repository;
  const member = `serviceAccount:${namesOf(target).nodeAccountEmail}`;
  const place = [name, `--location=${target.region}`, `--project=${target.project}`];
  return [
    {
      id,
      title,
      api: apis.registry,
      describe: look('artifacts', 'repositories', 'describe', ...place),
      judge: thereWhenAny,
      create: [
        change(
          3 * minute,
          'artifacts',
          'repositories',
          'create',
          ...place,
          '--repository-format=docker',
          ...mode,
        ),
      ],
      remove: [change(3 * minute, 'artifacts', 'repositories', 'delete', ...place)],
    },
    {
      id: `${id}-reader`,
      title: `the nodes' account reads ${name}`,
      api: apis.registry,
      describe: look(
        'artifacts',
        'repositories',
        'get-iam-policy',
        ...place,
        ...bindingFilter(member, readerRole),
      ),
      judge: thereWhenAny,
      create: [
        change(
          minute,
          'artifacts',
          'repositories',
          'add-iam-policy-binding',
          ...place,
          `--member=${member}`,
          `--role=${readerRole}`,
        ),
      ],
      // It is deleted with its repository.
      remove: [],
    },
  ];
}

/** The upstream of a mirror of the image's registry; null for Google's own registries, which nodes reach. */
function upstreamOf(image: string): string | null {
  const host = registryOf(image);
  if (host === null) return 'docker-hub';
  return /(^|\.)(gcr\.io|pkg\.dev)$/.test(host) ? null : `https://${host}`;
}

/** "registry.k8s.io" for "registry.k8s.io/etcd:3.5.21-0"; null for Docker Hub. */
function registryOf(image: string): string | null {
  const [first, ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first!) || first === 'localhost');
  return isHost && first !== 'docker.io' ? first! : null;
}

/** The name under which the nodes pull etcd's image. */
export function mirroredImage(target: GkeTarget, image: string): string {
  if (upstreamOf(image) === null) return image;
  const names = namesOf(target);
  const path = registryOf(image) === null ? hubPath(image) : image.slice(image.indexOf('/') + 1);
  return `${repositoryUrl(target, names, names.mirror)}/${path}`;
}

function hubPath(image: string): string {
  const path = image.replace(/^docker\.io\//, '');
  return path.includes('/') ? path : `library/${path}`;
}

/** "europe-west1-docker.pkg.dev/my-project/vase/vase": Vase's own image without a tag. */
export function ownImage(target: GkeTarget): string {
  const names = namesOf(target);
  return `${repositoryUrl(target, names, names.repository)}/vase`;
}

function repositoryUrl({ project }: GkeTarget, { registryHost }: GkeNames, repository: string): string {
  return `${registryHost}/${project}/${repository}`;
}
