import type { SocketAddress } from '@lanekeeper/runtime/socket-address';

/** Which member to try next. */
export interface ServerRotation {
  next(): SocketAddress;
  /** A server has named this one: it is the next one, once. */
  prefer(server: SocketAddress): void;
  /** Whether as many have been tried as there are members, since the last call that said so or since `restart`. */
  isRoundOver(): boolean;
  restart(): void;
}

/** Begins anywhere, so that many clients spread over the members. `servers` are at least one; `random` is in [0, 1). */
export function createServerRotation(
  servers: readonly SocketAddress[],
  random: () => number,
): ServerRotation {
  let at = Math.floor(random() * servers.length);
  let tried = 0;
  let preferred: SocketAddress | undefined;
  return {
    next() {
      const chosen = preferred ?? servers[at % servers.length];
      if (chosen === undefined) throw new TypeError('a Nacos server has at least one address');
      if (preferred === undefined) at += 1;
      tried += 1;
      preferred = undefined;
      return chosen;
    },
    prefer: (server) => (preferred = server),
    isRoundOver() {
      if (tried < servers.length) return false;
      tried = 0;
      return true;
    },
    restart: () => (tried = 0),
  };
}
