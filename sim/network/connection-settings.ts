/** How the client's end of a simulated connection behaves: like gRPC as production sets it up, or like a plain HTTP agent. */

export interface ConnectionSettings {
  /** After a refusal the patient users wait for the next try, this much later. */
  reconnectUs: number;
  /** While the connection is used, it sends a ping this often. 0: never. */
  keepAliveUs: number;
  /** A ping that is not answered within this time ends the connection. */
  keepAliveTimeoutUs: number;
}

/** The values of sharder/etcd/connection-timing.ts. */
export const grpcConnection: ConnectionSettings = {
  reconnectUs: 100_000,
  keepAliveUs: 10_000_000,
  keepAliveTimeoutUs: 3_000_000,
};

/** A plain HTTP agent: no pings. */
export const httpConnection: ConnectionSettings = {
  reconnectUs: 100_000,
  keepAliveUs: 0,
  keepAliveTimeoutUs: 0,
};
