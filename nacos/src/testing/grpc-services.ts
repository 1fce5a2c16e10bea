import type { ServiceKey } from '../instance.ts';

export interface FakeHost {
  readonly ip: string;
  readonly port: number;
  readonly [field: string]: unknown;
}

/** What a fake server knows of services, and how it tells it. */
export class FakeServiceBook {
  readonly #hosts = new Map<string, readonly FakeHost[]>();
  /** The clock that lists are stamped with. */
  clockMs = 1_000_000;
  isProtected = false;

  set({ group, name }: ServiceKey, hosts: readonly FakeHost[]): void {
    this.#hosts.set(`${group}@@${name}`, hosts);
    this.clockMs += 1;
  }

  info({ group, name }: ServiceKey): Readonly<Record<string, unknown>> {
    return {
      name,
      groupName: group,
      clusters: '',
      cacheMillis: 10_000,
      hosts: this.#hosts.get(`${group}@@${name}`) ?? [],
      lastRefTime: this.clockMs,
      checksum: '',
      allIPs: false,
      reachProtectionThreshold: this.isProtected,
      valid: true,
    };
  }

  names(group: string): readonly string[] {
    return [...this.#hosts.keys()]
      .filter((key) => key.startsWith(`${group}@@`))
      .map((key) => key.slice(group.length + 2));
  }
}

export function host(ip: string, fields: Readonly<Record<string, unknown>> = {}): FakeHost {
  const usual = { weight: 1, healthy: true, enabled: true, ephemeral: true, clusterName: 'DEFAULT' };
  return { instanceId: `${ip}#80`, ip, port: 80, metadata: {}, ...usual, ...fields };
}
