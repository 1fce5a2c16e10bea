/** Well-known ports of a sidecar and of the control plane. */
export const PORTS = {
  outbound: 15001,
  inbound: 15006,
  admin: 15000,
  status: 15020,
  discovery: 15010,
  webhook: 15443,
} as const;

/** uid and gid of the proxy; traffic of this user is not intercepted. */
export const PROXY_UID = 1337;
