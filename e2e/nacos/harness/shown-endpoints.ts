import type { Proxy } from '../../harness/pods.ts';

/** One endpoint of /clusters, as far as the promises look at it. */
export interface ShownEndpoint {
  readonly address: string;
  /** Null: none that there can be. */
  readonly lane: string | null;
  readonly weight: number;
  readonly healthy: boolean;
  /** Why nobody is sent there. */
  readonly unused: string | null;
}

interface ShownService {
  readonly service: string;
  readonly ports: readonly { readonly endpoints: readonly ShownEndpoint[] }[];
}

/** The endpoints that a sidecar shows, by service id. */
export async function shownServices(
  proxy: Proxy,
): Promise<Readonly<Record<string, readonly ShownEndpoint[]>>> {
  const { services } = JSON.parse((await proxy.ask('/clusters')).text) as {
    readonly services: readonly ShownService[];
  };
  const endpointsOf = ({ ports }: ShownService): readonly ShownEndpoint[] =>
    ports.flatMap(({ endpoints }) => endpoints);
  return Object.fromEntries(services.map((one) => [one.service, endpointsOf(one)]));
}

export async function shownEndpoint(
  proxy: Proxy,
  { ip, port }: { readonly ip: string; readonly port: number },
): Promise<ShownEndpoint | undefined> {
  const all = Object.values(await shownServices(proxy)).flat();
  return all.find(({ address }) => address === `${ip}:${port}`);
}
