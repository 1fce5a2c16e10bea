/** What the injector puts into a pod; an injected pod is recognised by them. */
export const OURS = {
  sidecar: 'lanekeeper-sidecar',
  redirect: 'lanekeeper-redirect',
  tokenVolume: 'lanekeeper-token',
  /** Where the token lies in the sidecar. */
  tokenFolder: '/var/run/secrets/lanekeeper.io',
} as const;
