import type { Presence, SaidBy } from '../publish/presence.ts';

export interface LocalDrainingOptions {
  /** Told of each change: all addresses of workloads that are about to go. */
  readonly tell: (addresses: ReadonlySet<string>) => void;
  /** A workload that was not heard of again for so long has gone, or its source knows better; default 10 min. */
  readonly forgetMs?: number;
}

export interface LocalDraining {
  readonly presence: Presence;
  close(): void;
}

const FORGET_MS = 600_000;

/**
 * Without an API server a workload is known by its address only: that is believed where the sidecar connects from it, so that none can
 * take another one out. Each replica knows of its own sidecars.
 */
export function createLocalDraining({ tell, forgetMs = FORGET_MS }: LocalDrainingOptions): LocalDraining {
  const timers = new Map<string, NodeJS.Timeout>();
  const forget = (address: string): void => {
    clearTimeout(timers.get(address));
    if (timers.delete(address)) tell(new Set(timers.keys()));
  };
  return {
    presence: {
      draining(sidecar) {
        const address = addressOf(sidecar);
        if (address === undefined) return;
        clearTimeout(timers.get(address));
        timers.set(address, setTimeout(() => forget(address), forgetMs).unref());
        tell(new Set(timers.keys()));
      },
      serving(sidecar) {
        const address = addressOf(sidecar);
        if (address !== undefined) forget(address);
      },
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

function addressOf({ node, peer }: SaidBy): string | undefined {
  // As the socket has it: IPv6 without brackets, IPv4 perhaps inside it.
  const from = peer.slice(0, peer.lastIndexOf(':')).replace(/^::ffff:/i, '');
  return from === node.address ? from : undefined;
}
