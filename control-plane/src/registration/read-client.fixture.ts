import type { NacosInstance } from '@lanekeeper/nacos/instance';
import type { NamingClient } from '@lanekeeper/nacos/naming-client';

/** What a Nacos namespace has, by service of `DEFAULT_GROUP`. */
export type Stored = Readonly<Record<string, readonly NacosInstance[]>>;

export function instanceAt(ip: string, metadata: Readonly<Record<string, string>>): NacosInstance {
  return {
    ...{ ip, port: 8080, weight: 1, enabled: true, healthy: true, ephemeral: true, cluster: 'DEFAULT' },
    metadata,
  };
}

/** Answers from `stored` as it is at that moment; rejects with `failure()` where there is one. */
export function readClient(
  stored: () => Stored,
  hooks: { readonly failure?: () => Error | undefined; readonly onClose?: () => void } = {},
): NamingClient {
  const answer = <T>(value: T): Promise<T> => {
    const failure = hooks.failure?.();
    return failure === undefined ? Promise.resolve(value) : Promise.reject(failure);
  };
  return {
    listServices: (group) => answer(group === 'DEFAULT_GROUP' ? Object.keys(stored()) : []),
    query: ({ name }) => answer({ instances: stored()[name] ?? [], isProtected: false }),
    subscribe: () => () => undefined,
    status: () => ({
      ...{ state: 'connected', sinceMs: 0, protocol: 'grpc', server: 'n:1', connections: 1 },
      problem: undefined,
    }),
    onStatus: () => () => undefined,
    close: () => Promise.resolve(hooks.onClose?.()),
  };
}
