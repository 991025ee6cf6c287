/** How a connection to a member is kept, in HTTP/2 sessions and in gRPC's channels alike. */
export const connectionTiming = {
  /** The pause after a first try that failed, and the longest. */
  reconnectMs: 100,
  reconnectMsMax: 1000,
  /** A member whose machine is gone sends no reset: pings find it out. etcd allows one every 5 s. */
  keepAliveMs: 10_000,
  keepAliveTimeoutMs: 3000,
  /** A reply above it is refused by the client: bounds what one reply can take of a sharder's memory. */
  replyBytesMax: 64 * 1024 * 1024,
} as const;
