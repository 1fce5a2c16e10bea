import type { NacosInstance } from '@lanekeeper/nacos/instance';
import type { NamingClient, NamingStatus } from '@lanekeeper/nacos/naming-client';

/** What a Nacos namespace has, by service of `DEFAULT_GROUP`. */
export type Stored = Readonly<Record<string, readonly NacosInstance[]>>;

export function instanceAt(ip: string, metadata: Readonly<Record<string, string>>): NacosInstance {
  return {
    ...{ ip, port: 8080, weight: 1, enabled: true, healthy: true, ephemeral: true, cluster: 'DEFAULT' },
    metadata,
  };
}

export interface ReadClientHooks {
  readonly failure?: () => Error | undefined;
  /** It cannot be asked before. */
  readonly connects?: Promise<void>;
  readonly onClose?: () => void;
}

/** Answers from `stored` as it is at that moment; rejects with `failure()` where there is one. */
export function readClient(stored: () => Stored, hooks: ReadClientHooks = {}): NamingClient {
  const told = new Set<(status: NamingStatus) => void>();
  let state: NamingStatus['state'] = hooks.connects === undefined ? 'connected' : 'connecting';
  const status = (): NamingStatus => ({
    ...{ state, sinceMs: 0, protocol: 'grpc', server: 'n:1', connections: 1, problem: undefined },
  });
  void hooks.connects?.then(() => {
    state = 'connected';
    for (const listener of told) listener(status());
  });
  const answer = <T>(value: T): Promise<T> => {
    const failure = state === 'connected' ? hooks.failure?.() : new Error('not connected yet');
    return failure === undefined ? Promise.resolve(value) : Promise.reject(failure);
  };
  return {
    listServices: (group) => answer(group === 'DEFAULT_GROUP' ? Object.keys(stored()) : []),
    query: ({ name }) => answer({ instances: stored()[name] ?? [], isProtected: false }),
    subscribe: () => () => undefined,
    refresh: () => Promise.resolve(),
    status,
    onStatus(listener) {
      told.add(listener);
      return () => void told.delete(listener);
    },
    close: () => Promise.resolve(hooks.onClose?.()),
  };
}
