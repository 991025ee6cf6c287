/**
 * The text of deploy.sh, which applies the files beside it with kubectl alone. It names its context in every call, and
 * applying twice changes nothing.
 */
import { shardIds, type Topology } from '../topology/topology.ts';
import { sharderName, shardName, viewServerName } from './names.ts';

/** @param files names of the manifests, in the order in which they are applied. */
export function deployScript(topology: Topology, files: readonly string[]): string {
  const workloads = [
    ...shardIds(topology).map((shard) => `statefulset/${shardName(shard)}`),
    `deployment/${sharderName}`,
    ...(topology.viewServers > 0 ? [`deployment/${viewServerName}`] : []),
  ];
  return `#!/usr/bin/env bash
# Made by \`vase generate\`. Applies the manifests beside it to one cluster, named by its kubectl context.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy.sh --context NAME [--wait]

Applies the manifests in this script's folder with kubectl. Doing it again changes nothing.

  --context NAME  the kubectl context of the cluster; or set CONTEXT. The current context is never taken.
  --wait          wait until every shard and the sharders are ready, 5 minutes for each at most
  -h, --help      this text
TEXT
}

refuse() {
  printf 'deploy.sh: %s\\n' "$1" >&2
  exit 2
}

context=\${CONTEXT:-}
wait=no
while [ $# -gt 0 ]; do
  case $1 in
    --context)
      [ $# -ge 2 ] || refuse '--context needs the name of a kubectl context'
      context=$2
      shift 2
      ;;
    --context=*)
      context=\${1#--context=}
      shift
      ;;
    --wait)
      wait=yes
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) refuse "unknown argument $1; see --help" ;;
  esac
done
[ -n "$context" ] || refuse 'name the cluster: --context NAME, one of "kubectl config get-contexts -o name"'
command -v kubectl >/dev/null || refuse 'kubectl is not installed'

here=$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)
namespace=${topology.name}
sharders=${topology.sharders}
files=(
${files.map((file) => `  ${file}`).join('\n')}
)
workloads=(
${workloads.map((workload) => `  ${workload}`).join('\n')}
)
kubectl=(kubectl --context "$context")

for file in "\${files[@]}"; do
  # On the server's side, so that kubectl and every provider of Vase own the same fields and agree on what changed.
  "\${kubectl[@]}" apply --server-side --field-manager=vase --force-conflicts -f "$here/$file"
done

# The number of sharders is the autoscaler's to say, so the manifests do not. A new Deployment has one; this brings it to
# the least, and never takes any away.
running=$("\${kubectl[@]}" --namespace "$namespace" get deployment/${sharderName} -o 'jsonpath={.spec.replicas}')
if [ "$running" -lt "$sharders" ]; then
  "\${kubectl[@]}" --namespace "$namespace" scale deployment/${sharderName} \\
    --current-replicas="$running" --replicas="$sharders"
fi

if [ "$wait" = yes ]; then
  for workload in "\${workloads[@]}"; do
    "\${kubectl[@]}" --namespace "$namespace" rollout status "$workload" --timeout=5m
  done
fi
`;
}
