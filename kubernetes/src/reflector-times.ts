export interface ReflectorTimes {
  /** A watch is asked to end after so long up to twice as long, so that those of many replicas do not end together. As client-go. */
  readonly watchMs: number;
  /** Silence that a watch survives. Bookmarks come once a minute: two may be lost. */
  readonly silenceMs: number;
  /** Between two lists that look for what the watch has missed, give or take a fifth. */
  readonly auditMs: number;
  /** How late an event may be before a list that shows its change calls it missed. */
  readonly graceMs: number;
  /** For one page of a list. */
  readonly listTimeoutMs: number;
  /** Upper bound of the first pause after a failure, doubled with each further one. */
  readonly backoffBaseMs: number;
  /** An API server that comes back waits for us no longer than this. client-go takes 30 s, being in every kubelet. */
  readonly backoffMaxMs: number;
  /** A watch that was open for so long was healthy, whatever it brought: the next failure is a first one. */
  readonly healthyMs: number;
}

export const REFLECTOR_TIMES: ReflectorTimes = {
  watchMs: 300_000,
  silenceMs: 150_000,
  auditMs: 600_000,
  graceMs: 10_000,
  listTimeoutMs: 60_000,
  backoffBaseMs: 250,
  backoffMaxMs: 5_000,
  healthyMs: 5_000,
};
