/** How the client's end of a simulated connection behaves: as gRPC is set up in production, or as a plain HTTP agent. */

export interface ConnectionSettings {
  /** After a refusal those who are patient wait for the next try, this much later. */
  reconnectUs: number;
  /** While it is used, the connection is tried with a ping this often. 0: never. */
  keepAliveUs: number;
  /** A ping that is not answered within this time ends the connection. */
  keepAliveTimeoutUs: number;
}

/** What sharder/etcd/connection-timing.ts says. */
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
