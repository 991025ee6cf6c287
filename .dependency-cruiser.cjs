// Who may import whom: the one direction of imports that ARCHITECTURE.md tells of.
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const path = (p) => ({ path: p });

module.exports = {
  forbidden: [
    forbid('no-cycles', 'A cycle means that two rooms are one.', {}, { circular: true }),
    forbid('no-barrels', 'An index.ts hides where things are.', {}, path('(^|/)index\\.ts$')),
    forbid(
      'resolvable',
      'An import that resolves to nothing fails only at run time.',
      {},
      { couldNotResolve: true },
    ),
    forbid('core-is-pure', 'sharder/core imports only itself: no node:*, no npm.', path('^sharder/core/'), {
      pathNot: '^sharder/core/',
    }),
    forbid(
      'etcd-client-is-portable',
      'The etcd client runs in the simulator: it imports core alone.',
      path('^sharder/etcd/client/'),
      { pathNot: '^sharder/(core|etcd/client)/' },
    ),
    forbid(
      'sharder-is-below',
      'The data plane knows nothing of the control plane.',
      path('^sharder/'),
      path('^(cluster|sim|scripts|test)/'),
    ),
    forbid('sim-sees-the-pure-parts', 'The simulator runs pure parts alone.', path('^sim/'), {
      path: '^(sharder|cluster|scripts|test)/',
      pathNot: '^sharder/(core/|etcd/client/|hash\\.ts$)|^cluster/resharding/',
    }),
    forbid(
      'sim-has-no-sockets',
      'Virtual time has no sockets, no Koa and no processes.',
      path('^sim/'),
      path('^(net|http|http2|koa|execa|node_modules/(koa|execa|@grpc|etcd3))'),
    ),
    forbid('manifests-are-pure', 'Manifests are a function of the topology.', path('^cluster/manifests/'), {
      path: '^(sharder|cluster|sim|scripts|test)/',
      pathNot: '^cluster/(manifests/|kubernetes-schema/|topology/|errors\\.ts$)|^sharder/node-flags\\.ts$',
    }),
    forbid(
      'resharding-is-portable',
      'The mover runs in the simulator: it imports the core and the etcd client alone.',
      path('^cluster/resharding/'),
      { pathNot: '^cluster/resharding/|^sharder/(core|etcd/client)/' },
    ),
    forbid(
      'providers-are-apart',
      "A provider takes nothing from another's room, but from kubernetes/, which kind and GKE share.",
      path('^cluster/providers/([^/]+)/'),
      { path: '^cluster/providers/[^/]+/', pathNot: '^cluster/providers/($1|kubernetes)/' },
    ),
    forbid(
      'providers-are-chosen-above',
      'Whoever knows one provider cannot run with another: commands choose it, and the view server when it starts.',
      { path: '^cluster/', pathNot: '^cluster/providers/[^/]+/|^cluster/viewserver/main\\.ts$' },
      path('^cluster/providers/[^/]+/'),
    ),
    forbid(
      'bench-without-command-line',
      'The bench is a product of its own: it prints nothing and asks for no flag.',
      path('^scripts/bench/'),
      { path: '^scripts/', pathNot: '^scripts/bench/' },
    ),
    forbid(
      'commands-share-below',
      'What two commands need is in a room below them; only the table knows all of them.',
      { path: '^scripts/', pathNot: '^scripts/(commands/|command-table\\.ts$)' },
      path('^scripts/commands/'),
    ),
    forbid('kernel-is-the-base', 'Virtual time knows nothing of what happens in it.', path('^sim/kernel/'), {
      path: '^(sim|sharder|cluster)/',
      pathNot: '^sim/kernel/|^sharder/core/ports\\.ts$',
    }),
    forbid(
      'raft-is-alone',
      'Raft is a state machine: it takes chance from the kernel, and no more.',
      path('^sim/raft/'),
      {
        pathNot: '^sim/(raft/|kernel/random-stream\\.ts$)',
      },
    ),
    forbid(
      'model-is-alone',
      'The model of the protocol is written without looking at what runs.',
      path('^sim/model/'),
      { pathNot: '^sim/model/' },
    ),
    forbid(
      'checker-is-alone',
      'The checker judges histories, wherever they come from.',
      path('^sim/checker/'),
      { path: '^(sim|sharder|cluster)/', pathNot: '^sim/checker/' },
    ),
    forbid(
      'cluster-is-below-scripts',
      'The control plane knows neither simulator nor command line.',
      path('^cluster/'),
      path('^(sim|scripts|test)/'),
    ),
    forbid(
      'scripts-is-the-top',
      'Only tests import the command line.',
      { pathNot: '^(scripts|test)/' },
      path('^scripts/'),
    ),
    forbid(
      'production-without-tests',
      'Tests import production, never the other way.',
      { pathNot: '^test/' },
      path('^test/'),
    ),
    forbid(
      'one-file-runs-commands',
      'execa is called in one file.',
      { pathNot: '^cluster/host/run-command\\.ts$|^test/' },
      path('node_modules/execa'),
    ),
    forbid(
      'one-file-speaks-kubernetes',
      'The Kubernetes client is called in one file.',
      { pathNot: '^cluster/kubernetes/kubernetes-client\\.ts$|^test/' },
      path('node_modules/@kubernetes/client-node'),
    ),
    forbid(
      'no-dev-dependencies',
      'Production imports production dependencies.',
      { path: '^(sharder|cluster)/' },
      { dependencyTypes: ['npm-dev'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
