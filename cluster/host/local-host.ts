/** The address of this machine, on which a local cluster and the doors of a kind cluster listen. */
export const localHost = '127.0.0.1';
