/** The schema of etcd's messages, read from etcd.proto. */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

const { root } = protobuf.parse(readFileSync(new URL('etcd.proto', import.meta.url), 'utf8'), {
  keepCase: true,
});

export function messageType(name: string): protobuf.Type {
  return root.lookupType(`etcdserverpb.${name}`);
}

/** The fields of a message, named as in etcd.proto. */
export type Fields = Record<string, unknown>;

export type Long = protobuf.Long;
