import type { EdgeConnection } from '../../listen/connection.ts';
import { parseAuthority } from '../authority.ts';
import type { EdgeTable, Listener } from './edge-table.ts';
import type { HostIndex } from './host-index.ts';

/** Where a request that is only thought of would come in. */
export interface ThoughtOf {
  readonly authority: string;
  /** Of a listener: where pods listen, or what clients see. Absent: the first that speaks TLS, or does not. */
  readonly port?: number | undefined;
  /** Default false; a port says it by itself. */
  readonly tls?: boolean | undefined;
}

/** Undefined: it comes to no listener of its own, because there is none. */
export function explainedConnection({ ports }: EdgeTable, asked: ThoughtOf): EdgeConnection | undefined {
  if (ports.size === 0 && asked.port === undefined) return undefined;
  const listeners = [...ports.values()].flatMap(listenersOf);
  const found =
    asked.port === undefined
      ? listeners.find(({ protocol }) => (protocol === 'https') === (asked.tls ?? false))
      : (listeners.find(({ port }) => port === asked.port) ??
        listeners.find(({ publicPort }) => publicPort === asked.port));
  const isTls = found === undefined ? (asked.tls ?? false) : found.protocol === 'https';
  const { host } = parseAuthority(asked.authority.toLowerCase());
  return { port: found?.port ?? asked.port ?? 0, isTls, serverName: isTls ? host : undefined };
}

function listenersOf({ exact, wildcard, any }: HostIndex<Listener>): readonly Listener[] {
  return [...exact.values(), ...wildcard.values(), ...(any === undefined ? [] : [any])];
}
