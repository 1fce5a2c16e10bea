/** Requests in flight from this sidecar to each endpoint, by endpoint key. An endpoint at rest takes no memory. */
export interface EndpointLoads {
  /** Requests in flight to `key`; 0 for one never heard of. */
  of(key: string): number;
  started(key: string): void;
  /** Once for each {@link EndpointLoads.started}; one too many is ignored. */
  finished(key: string): void;
  /** Endpoints with a request in flight. */
  readonly size: number;
}

export function createEndpointLoads(): EndpointLoads {
  const inFlight = new Map<string, number>();
  return {
    of: (key) => inFlight.get(key) ?? 0,
    started(key) {
      inFlight.set(key, (inFlight.get(key) ?? 0) + 1);
    },
    finished(key) {
      const load = inFlight.get(key);
      if (load === undefined) return;
      if (load === 1) inFlight.delete(key);
      else inFlight.set(key, load - 1);
    },
    get size() {
      return inFlight.size;
    },
  };
}
