import type { EdgeListener } from '@lanekeeper/protocol/edge';

/**
 * The listener for a server name: the one that names it, else the longest `*.example.com` that it lies under, else `*`. Without a
 * name only `*` will do, for nobody knows whom the client means. Of two alike the first counts.
 */
export function selectListener<T extends Pick<EdgeListener, 'host'>>(
  listeners: readonly T[],
  serverName: string | undefined,
): T | undefined {
  let best: T | undefined;
  for (const listener of listeners) {
    if (matches(listener.host, serverName) && (best === undefined || isNarrower(listener.host, best.host)))
      best = listener;
  }
  return best;
}

function matches(host: string, serverName: string | undefined): boolean {
  if (host === '*') return true;
  if (serverName === undefined) return false;
  const wanted = host.toLowerCase();
  if (!wanted.startsWith('*.')) return wanted === serverName;
  return serverName.length >= wanted.length && serverName.endsWith(wanted.slice(1));
}

function isNarrower(host: string, than: string): boolean {
  const rank = (name: string): number => (name === '*' ? 0 : name.startsWith('*.') ? 1 : 2);
  return rank(host) > rank(than) || (rank(host) === rank(than) && host.length > than.length);
}
