/**
 * Ports of containers and services. The protocol is always given, though TCP is the default: it is part of a port's key,
 * and Kubernetes 1.20 does not fill it in on a server-side apply.
 */
import type { ContainerPort, ServicePort } from 'kubernetes-types/core/v1.d.ts';

export function containerPort(name: string, port: number): ContainerPort {
  return { name, containerPort: port, protocol: 'TCP' };
}

/** Leads to the container's port of the same name. */
export function servicePort(name: string, port: number): ServicePort {
  return { name, port, targetPort: name, protocol: 'TCP' };
}
