import { setTimeout as sleep } from 'node:timers/promises';

/** An instance that this program registers. */
export interface Registered {
  readonly serviceName: string;
  readonly ip: string;
  readonly port: number;
}

export interface Nacos {
  /** `ip:port` of an instance, each in its turn. Rejects where the registry has none. */
  pick(serviceName: string): Promise<string>;
  /** Takes the instance out, as a well-behaved application does before it ends. */
  close(): Promise<void>;
}

const BEAT_MS = 2_000;
/** How old a list may be that is chosen from. */
const LIST_MS = 1_000;
const TIMEOUT_MS = 2_000;

interface InstanceList {
  readonly hosts: readonly {
    readonly ip: string;
    readonly port: number;
    readonly healthy: boolean;
    readonly enabled: boolean;
  }[];
}

interface Known {
  readonly addresses: readonly string[];
  readonly atMs: number;
  turn: number;
}

/**
 * Registers in Nacos and looks callees up there, over its HTTP API, as Spring Cloud does with clients of Nacos 1. It knows nothing of
 * lanes: no metadata, and all instances are alike.
 */
export function startNacos(server: string, own: Registered): Nacos {
  const ending = new AbortController();
  const known = new Map<string, Known>();
  const ask = async (
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<string> => {
    const url = `${server}/nacos/v1/ns/${path}?${new URLSearchParams(query).toString()}`;
    const answer = await fetch(url, { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    return text;
  };
  const instance = { serviceName: own.serviceName, ip: own.ip, port: String(own.port) };
  const registering = untilDone(ending.signal, async () => {
    await ask('POST', 'instance', { ...instance, ephemeral: 'true' });
  });
  const beating = (async () => {
    await registering;
    const beat = JSON.stringify({ ...own, cluster: 'DEFAULT' });
    while (!ending.signal.aborted) {
      // A server that has lost its data registers again what beats with all that it needs.
      await ask('PUT', 'instance/beat', { ...instance, beat }).catch(() => undefined);
      await sleep(BEAT_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    async pick(serviceName) {
      const last = known.get(serviceName);
      const isFresh = last !== undefined && Date.now() - last.atMs < LIST_MS;
      const list = isFresh ? last : await read(serviceName, last);
      const { addresses } = list;
      const address = addresses[list.turn++ % Math.max(1, addresses.length)];
      if (address === undefined) throw new Error(`${server} has no instance of ${serviceName}`);
      return address;
    },
    async close() {
      ending.abort();
      await beating;
      await ask('DELETE', 'instance', { ...instance, ephemeral: 'true' }).catch(() => undefined);
    },
  };

  /** In an outage the last list is good enough. */
  async function read(serviceName: string, last: Known | undefined): Promise<Known> {
    try {
      const { hosts } = JSON.parse(
        await ask('GET', 'instance/list', { serviceName, healthyOnly: 'true' }),
      ) as InstanceList;
      const addresses = hosts
        .filter(({ healthy, enabled }) => healthy && enabled)
        .map(({ ip, port }) => `${ip}:${port}`);
      const read = { addresses, atMs: Date.now(), turn: last?.turn ?? 0 };
      known.set(serviceName, read);
      return read;
    } catch (error) {
      if (last === undefined) throw error;
      return last;
    }
  }
}

/** Tries until it has worked, or `signal` ends it: the registry may start later than its users. */
async function untilDone(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch {
      await sleep(BEAT_MS / 4, undefined, { signal }).catch(() => undefined);
    }
  }
}
