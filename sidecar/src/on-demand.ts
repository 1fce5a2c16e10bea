import type { InterestKey } from '@lanekeeper/protocol/discovery';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { canonicalHost, isHost, isLoopback } from '@lanekeeper/runtime/socket-address';
import { isIP } from 'node:net';
import type { Interest } from './discovery/interest-book.ts';
import type { Interests } from './discovery/interests.ts';
import { keepByName } from './discovery/keep-by-name.ts';
import type { Connection } from './listen/connection.ts';
import { parseAuthority } from './route/authority.ts';
import type { Snapshot } from './route/snapshot.ts';
import type { RequestHead } from './wire/head.ts';

/** Makes sure that the control plane was asked for a destination before it is decided on. */
export interface OnDemand {
  /** Undefined: what a decision needs is there. Never rejects. */
  beforeConnection(connection: Connection): Promise<void> | undefined;
  beforeRequest(head: RequestHead, connection: Connection): Promise<void> | undefined;
  /** Before a request that comes from outside the mesh: its route may be newer than what is known of its service. */
  beforeRoute(): Promise<void> | undefined;
  /** Why the mesh may know a destination that this sidecar does not; undefined: it does not. */
  doubt(connection: Connection, authority: string): string | undefined;
  /** A new configuration is in force. */
  learn(config: MeshConfig): void;
}

/** With whom it asks through. */
export interface OnDemandMesh extends OnDemand {
  readonly interests: Interests;
}

export interface OnDemandOptions {
  readonly interests: Interests;
  readonly snapshot: () => Snapshot;
  /** This sidecar's own address is a loopback address, so those of others may be, too. Default false. */
  readonly isOnLoopback?: boolean;
}

const MAPPED = '::ffff:';

/** What a destination asks of the control plane; on the way of each request one look-up in a map, two outside the mesh. */
export function createOnDemand({ interests, snapshot, isOnLoopback = false }: OnDemandOptions): OnDemandMesh {
  const { book } = interests;
  let virtual: ReadonlySet<string> = new Set();
  let addresses: ReadonlySet<string> = new Set();

  function isInMesh(key: InterestKey): boolean {
    const [kind, text] = split(key);
    return kind === 'ip' ? addresses.has(text) : snapshot().byHost.has(text);
  }

  /** A virtual address or a name that is known is one service's; who else an endpoint belongs to is worth the question. */
  function isCertain(key: InterestKey): boolean {
    const [kind, text] = split(key);
    return kind === 'ip' ? virtual.has(text) : snapshot().byHost.has(text);
  }

  function meet(spelling: string, host: string): Interest | undefined {
    const key = keyOf(host, isOnLoopback);
    if (key === undefined) return undefined;
    const interest = book.take(key);
    book.spell(interest, spelling);
    interest.isInMesh = isInMesh(key);
    if (!interest.isSettled && isCertain(key)) {
      // It is asked for all the same, so that it is kept for as long as it is used.
      void interests.settle(interest);
      interest.isSettled = true;
    }
    return interest;
  }

  function interestInAddress(address: string): Interest | undefined {
    return book.use(address) ?? meet(address, address);
  }

  function interestInAuthority(authority: string): Interest | undefined {
    return book.use(authority) ?? meet(authority, parseAuthority(authority).host);
  }

  return {
    interests,
    beforeConnection({ direction, destination }) {
      if (direction !== 'outbound' || destination === undefined) return undefined;
      const interest = interestInAddress(destination.address);
      return interest === undefined ? undefined : interests.settle(interest);
    },
    beforeRequest({ authority }, { destination }) {
      if (destination !== undefined && interestInAddress(destination.address)?.isInMesh === true)
        return undefined;
      if (authority === '') return undefined;
      const interest = interestInAuthority(authority);
      return interest === undefined ? undefined : interests.settle(interest);
    },
    beforeRoute: () => interests.settlePinned(),
    doubt({ destination }, authority) {
      const hosts = [destination?.address ?? '', parseAuthority(authority).host];
      const keys = hosts.flatMap((host) => keyOf(host, isOnLoopback) ?? []);
      const open = keys.find((key) => book.get(key)?.isAnswered !== true);
      if (open === undefined) return undefined;
      const [, text] = split(open);
      if (!interests.isConnected) return `the control plane is away and was never asked what ${text} is`;
      return book.get(open) === undefined
        ? `nobody has called it yet, so the control plane was not asked what ${text} is`
        : `the control plane has not answered yet what ${text} is`;
    },
    learn({ services }) {
      virtual = new Set(services.flatMap((service) => service.addresses));
      addresses = new Set([
        ...virtual,
        ...services.flatMap(({ endpoints }) =>
          endpoints.flatMap(({ address, aliases = [] }) => [address, ...aliases]),
        ),
      ]);
      for (const interest of book.values()) interest.isInMesh = isInMesh(interest.key);
      keepByName(services, interests);
    },
  };
}

function split(key: InterestKey): readonly [kind: 'host' | 'ip', text: string] {
  return key.startsWith('ip:') ? ['ip', key.slice('ip:'.length)] : ['host', key.slice('host:'.length)];
}

/** Undefined: nothing that a control plane could know. Loopback addresses are of the mesh where the asking sidecar has one itself. */
export function keyOf(host: string, isOnLoopback: boolean): InterestKey | undefined {
  const bare = host.startsWith(MAPPED) && host.includes('.') ? host.slice(MAPPED.length) : host;
  if (bare === '' || bare === 'localhost' || !isHost(bare)) return undefined;
  if (isLoopback(bare) && !isOnLoopback) return undefined;
  return isIP(bare) === 0 ? `host:${bare.toLowerCase()}` : `ip:${canonicalHost(bare)}`;
}
