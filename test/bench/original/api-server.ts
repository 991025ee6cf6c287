/**
 * What stands in for the Kubernetes API server beside the model of the original: over HTTP, the list of all services of all
 * namespaces as GKE gives it, with a load balancer for each shard. Its processor time is not the sharder's, and is not
 * limited. It runs in a process of its own, as the API server does.
 *
 * Environment: PORT; SHARDS: "host:port,host:port", one for each shard.
 */
import { createServer } from 'node:http';

const systemServices = ['default-http-backend', 'kube-dns', 'metrics-server', 'gmp-operator'];

const list = JSON.stringify({
  kind: 'ServiceList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '104251' },
  items: [
    service('kubernetes', 'default', { type: 'ClusterIP', port: 443 }),
    ...systemServices.map((name) => service(name, 'kube-system', { type: 'ClusterIP', port: 80 })),
    service('sharder-endpoint', 'default', { type: 'LoadBalancer', port: 5000, ip: '10.128.0.2' }),
    ...(process.env['SHARDS'] ?? '').split(',').flatMap((address, index) => {
      const [ip, port] = address.split(':');
      return [
        service(`etcd-${index + 1}`, 'default', { type: 'ClusterIP', port: 2380 }),
        service(`etcd-client-${index + 1}`, 'default', { type: 'LoadBalancer', port: Number(port), ip: ip! }),
      ];
    }),
  ],
});

createServer((request, response) => {
  if (request.url === '/api/v1/services') response.setHeader('content-type', 'application/json').end(list);
  else response.writeHead(404).end('{}');
}).listen(Number(process.env['PORT']), '127.0.0.1');

/** With the fields that the API server sends unasked, managedFields among them: they are most of the bytes. */
function service(
  name: string,
  namespace: string,
  { type, port, ip }: { type: 'ClusterIP' | 'LoadBalancer'; port: number; ip?: string },
) {
  const time = '2022-06-01T10:00:00Z';
  return {
    metadata: {
      name,
      namespace,
      uid: `5ef5fd29-7d7d-4ab8-9be1-${name.padEnd(12, '0').slice(0, 12)}`,
      resourceVersion: '93114',
      creationTimestamp: time,
      labels: { app: name },
      annotations: { 'cloud.google.com/neg': '{"ingress":true}' },
      ...(type === 'LoadBalancer' ? { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] } : {}),
      managedFields: [
        {
          manager: 'kubectl-client-side-apply',
          operation: 'Update',
          apiVersion: 'v1',
          time,
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': { 'f:annotations': { '.': {} }, 'f:labels': { '.': {}, 'f:app': {} } },
            'f:spec': {
              'f:ports': { '.': {}, [`k:{"port":${port},"protocol":"TCP"}`]: portFields() },
              'f:selector': {},
              'f:sessionAffinity': {},
              'f:type': {},
            },
          },
        },
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time,
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': { 'f:finalizers': { '.': {} } },
            'f:status': { 'f:loadBalancer': { 'f:ingress': {} } },
          },
          subresource: 'status',
        },
      ],
    },
    spec: {
      ports: [
        {
          name: 'client',
          protocol: 'TCP',
          port,
          targetPort: port,
          ...(ip === undefined ? {} : { nodePort: 31_000 }),
        },
      ],
      selector: { app: name },
      clusterIP: '10.8.4.11',
      clusterIPs: ['10.8.4.11'],
      type,
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: ip === undefined ? {} : { ingress: [{ ip }] } },
  };
}

function portFields() {
  return { '.': {}, 'f:name': {}, 'f:port': {}, 'f:protocol': {}, 'f:targetPort': {} };
}
