import type { FakeAnswer, SeenRequest } from './http-exchange.ts';

export interface FakeInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight?: unknown;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  readonly ephemeral?: boolean;
  readonly clusterName?: string;
  readonly metadata?: unknown;
}

/** Services by Nacos' own name, `group@@name`, of any namespace. */
export class FakeServices {
  readonly instances = new Map<string, FakeInstance[]>();
  /** Of the protection threshold. */
  isProtected = false;
  /** Most names of a page that the server gives, whatever is asked for. */
  pageLimit = 500;
  /** Whether a service is told with its group, as from Nacos 2 on. */
  tellsGroup = false;

  answer(request: SeenRequest): FakeAnswer | undefined {
    const { method, path } = request;
    if (path === '/v1/ns/instance/list') return this.#list(request.params);
    if (path === '/v1/ns/service/list') return this.#names(request.params);
    if (path === '/v1/ns/instance' && method === 'POST') return this.#register(request.params);
    if (path === '/v1/ns/instance' && method === 'DELETE') return this.#deregister(request.params);
    if (path === '/v1/ns/instance/beat') return this.#beat(request.params);
    return undefined;
  }

  #list(params: URLSearchParams): FakeAnswer {
    const name = params.get('serviceName') ?? '';
    const hosts = (this.instances.get(name) ?? []).map((instance) => ({
      ...{ weight: 1, healthy: true, enabled: true, ephemeral: true, clusterName: 'DEFAULT', metadata: {} },
      ...{ serviceName: name, ...instance },
    }));
    const group = this.tellsGroup ? { groupName: name.split('@@')[0] } : {};
    return json({ name, ...group, hosts, cacheMillis: 3000, reachLocalSiteCallThreshold: this.isProtected });
  }

  #names(params: URLSearchParams): FakeAnswer {
    const prefix = `${params.get('groupName')}@@`;
    const all = [...this.instances.keys()].filter((name) => name.startsWith(prefix)).toSorted();
    const size = Math.min(Number(params.get('pageSize')), this.pageLimit);
    const from = (Number(params.get('pageNo')) - 1) * size;
    return json({
      count: all.length,
      doms: all.slice(from, from + size).map((name) => name.slice(prefix.length)),
    });
  }

  #register(params: URLSearchParams): FakeAnswer {
    const instance = {
      ip: params.get('ip') ?? '',
      port: Number(params.get('port')),
      weight: Number(params.get('weight')),
      clusterName: params.get('clusterName') ?? 'DEFAULT',
      metadata: JSON.parse(params.get('metadata') ?? '{}') as unknown,
    };
    this.#put(params.get('serviceName') ?? '', instance);
    return { status: 200, body: 'ok' };
  }

  #deregister(params: URLSearchParams): FakeAnswer {
    const name = params.get('serviceName') ?? '';
    const rest = (this.instances.get(name) ?? []).filter(
      (each) => each.ip !== params.get('ip') || each.port !== Number(params.get('port')),
    );
    this.instances.set(name, rest);
    return { status: 200, body: 'ok' };
  }

  /** One that is not there (any more) is registered, as Nacos does where a beat tells all of it. */
  #beat(params: URLSearchParams): FakeAnswer {
    const beat = JSON.parse(params.get('beat') ?? '{}') as FakeInstance & { cluster: string };
    const name = params.get('serviceName') ?? '';
    const isThere = this.instances.get(name)?.some(({ ip, port }) => ip === beat.ip && port === beat.port);
    if (isThere !== true) {
      const { ip, port, weight, metadata, cluster } = beat;
      this.#put(name, { ip, port, weight: Number(weight), metadata, clusterName: cluster });
    }
    return json({ clientBeatInterval: 5000, code: 10_200, lightBeatEnabled: true });
  }

  #put(name: string, instance: FakeInstance): void {
    const others = (this.instances.get(name) ?? []).filter(
      ({ ip, port }) => ip !== instance.ip || port !== instance.port,
    );
    this.instances.set(name, [...others, instance]);
  }
}

function json(value: unknown): FakeAnswer {
  return { status: 200, body: JSON.stringify(value) };
}
