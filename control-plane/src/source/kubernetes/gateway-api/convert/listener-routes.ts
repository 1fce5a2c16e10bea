import { intersectHosts, type HostPattern } from '../../edge/hostnames.ts';
import type { KubeRoute } from '../objects.ts';

/** A route at a listener, and the hosts that both are for. */
export interface AttachedRoute {
  readonly route: KubeRoute;
  readonly hosts: readonly HostPattern[];
}

/** What is attached to one listener, in the order of coming. */
export class ListenerRoutes {
  readonly all: AttachedRoute[] = [];
  readonly #byKind: Readonly<Record<KubeRoute['kind'], AttachedRoute[]>> = { HTTPRoute: [], GRPCRoute: [] };

  /** Two parentRefs of a route, one after the other, may mean one listener: it is there once. */
  add(attached: AttachedRoute): void {
    if (this.all.at(-1)?.route === attached.route) return;
    this.all.push(attached);
    this.#byKind[attached.route.kind].push(attached);
  }

  /** A listener has routes of one kind only for a host: the specification wants that the older one stays. */
  rivalOf({ kind }: KubeRoute, hosts: readonly HostPattern[]): KubeRoute | undefined {
    const others = this.#byKind[kind === 'HTTPRoute' ? 'GRPCRoute' : 'HTTPRoute'];
    const rival = others.find(({ hosts: theirs }) =>
      theirs.some((one) => hosts.some((host) => intersectHosts(one, host) !== undefined)),
    );
    return rival?.route;
  }
}
