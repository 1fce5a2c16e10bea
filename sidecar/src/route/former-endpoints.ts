import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { addressKey } from './address-key.ts';
import type { Endpoint, ServicePort, Snapshot } from './snapshot.ts';

/** An address that was an endpoint's until a short while ago. */
export interface FormerOwner {
  /** As it is now. */
  readonly servicePort: ServicePort;
  /** As it was, and not to be used. */
  readonly endpoint: Endpoint;
}

export interface FormerEndpointsOptions {
  readonly keepMs: number;
  /** The one that went longest ago is forgotten first. */
  readonly maxAddresses: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Clients of registries choose from lists that are up to half a minute old, and some keep what they know in an outage. */
export const FORMER_DEFAULTS = { keepMs: 60_000, maxAddresses: 4_096 } as const;

interface Kept {
  readonly serviceId: string;
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly until: number;
}

/**
 * Remembers for a while what has gone. A client that still chooses it means the service: passed through, the request would lose its
 * lane, or reach nobody.
 */
export class FormerEndpoints {
  readonly #options: FormerEndpointsOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: FormerEndpointsOptions) {
    this.#options = options;
  }

  /** `after` has taken the place of `before`. A service that is no longer known at all is none that lost an endpoint. */
  learn(before: Snapshot, after: Snapshot): void {
    for (const key of this.#kept.keys()) if (after.byAddress.has(key)) this.#kept.delete(key);
    const until = this.#options.now() + this.#options.keepMs;
    for (const [key, owners] of before.byAddress) {
      if (after.byAddress.has(key)) continue;
      for (const { servicePort, endpoint } of owners) {
        const { service, port } = servicePort;
        if (endpoint === undefined || after.services.get(service.id)?.ports.has(port) !== true) continue;
        this.#kept.delete(key);
        this.#kept.set(key, {
          ...{ serviceId: service.id, port, until },
          endpoint: { ...endpoint, healthy: false, dropReason: 'gone' },
        });
        break;
      }
    }
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= this.#options.maxAddresses) return;
      this.#kept.delete(key);
    }
  }

  /** Whose endpoint was at `address`, which belongs to nobody now. */
  find(address: SocketAddress, { services }: Snapshot): FormerOwner | undefined {
    if (this.#kept.size === 0) return undefined;
    const kept = this.#kept.get(addressKey(address));
    if (kept === undefined || kept.until <= this.#options.now()) return undefined;
    const servicePort = services.get(kept.serviceId)?.ports.get(kept.port);
    return servicePort === undefined ? undefined : { servicePort, endpoint: kept.endpoint };
  }
}
