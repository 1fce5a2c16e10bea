import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainPath, trail } from '../harness/chain-app.ts';
import { send, type Place } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';
import { skipsWithout, startHaproxy, startNginx, type TheirEdge } from '../harness/their-edge.ts';

/**
 * Two services that an edge leads to, and what they call. `a` has one Service for both versions, and the lane's rules are asked at it;
 * `shop` has a Service for each version, and the edge chooses. B has no gray version.
 */
const PODS = [
  { name: 'A', service: 'a' },
  { name: 'Agray', service: 'a', lane: 'gray' },
  { name: 'Shop', service: 'shop' },
  { name: 'Shopgray', service: 'shop', lane: 'gray', variables: { untaggedInbound: 'adopt' } },
  { name: 'B', service: 'b' },
  { name: 'C', service: 'c' },
  { name: 'Cgray', service: 'c', lane: 'gray' },
];
const CONFIG = {
  groups: [{ name: 'demo', services: ['a', 'shop', 'b', 'c'] }],
  lanes: [
    {
      name: 'gray',
      group: 'demo',
      entries: ['a'],
      match: [
        { hosts: ['www.example.com'] },
        { headers: { 'x-user-id': { in: ['1001', '1002'] } } },
        { headers: { _env: { exact: 'grey' } } },
      ],
    },
  ],
};
const BASE_HOST = 'www.aliyundoc.com';
const GRAY_HOST = 'www.example.com';
const CHAIN = chainPath(['b', 'c'], { forward: ['x-request-id'] });

/** Lines of a configuration that name the endpoints of these pods. */
type Endpoints = (...pods: readonly string[]) => string;

const NGINX_HEADERS = `
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Request-ID $request_id; proxy_set_header baggage ""; proxy_set_header x-lanekeeper-hop "";`;

/** As ingress-nginx writes it: a Service is an upstream of its pods, a canary chooses another upstream. The last server is as nginx comes. */
function nginxOf(at: Endpoints, [shared = 0, canary = 0, plain = 0]: readonly number[]): string {
  const upstream = (name: string, ...pods: readonly string[]): string =>
    `upstream ${name} { ${at(...pods)} keepalive 4; }`;
  return `
  ${upstream('a', 'A', 'Agray')} ${upstream('shop', 'Shop')} ${upstream('shop-gray', 'Shopgray')}
  map $http_location $by_header { default shop; cn-shenzhen shop-gray; }
  server { listen 127.0.0.1:${shared}; underscores_in_headers on; location / { ${NGINX_HEADERS} proxy_pass http://a; } }
  server { listen 127.0.0.1:${canary}; location / { ${NGINX_HEADERS} proxy_pass http://$by_header; } }
  server { listen 127.0.0.1:${canary}; server_name ${GRAY_HOST}; location / { ${NGINX_HEADERS} proxy_pass http://shop-gray; } }
  server { listen 127.0.0.1:${plain}; location / { proxy_pass http://a; } }`;
}

function haproxyOf(at: Endpoints, [shared = 0, canary = 0, plain = 0]: readonly number[]): string {
  const frontend = (name: string, port: number, more: string): string => `
frontend ${name}
  bind 127.0.0.1:${port}
  http-request set-header x-request-id %[uuid()]
  http-request del-header baggage
  http-request del-header x-lanekeeper- -m beg
${more}`;
  const backend = (name: string, ...pods: readonly string[]): string => `
backend ${name}
  balance roundrobin
${at(...pods)}`;
  return [
    frontend('shared', shared, '  default_backend a'),
    frontend(
      'canary',
      canary,
      `  use_backend shop-gray if { req.hdr(host) -i -m beg ${GRAY_HOST} } || { req.hdr(location) cn-shenzhen }
  default_backend shop`,
    ),
    `frontend plain\n  bind 127.0.0.1:${plain}\n  default_backend a`,
    backend('a', 'A', 'Agray'),
    backend('shop', 'Shop'),
    backend('shop-gray', 'Shopgray'),
  ].join('\n');
}

const EDGES = {
  nginx: {
    server: (_: string, { address, port }: Place) => `server ${address}:${port};`,
    start: (at: Endpoints) => startNginx(3, (ports) => nginxOf(at, ports)),
    /** Visited by a request with `_env: grey` through an edge that nobody told anything of headers. */
    underscore: 'A',
  },
  haproxy: {
    server: (name: string, { address, port }: Place) => `  server ${name} ${address}:${port}`,
    start: (at: Endpoints) => startHaproxy(3, (ports) => haproxyOf(at, ports)),
    underscore: 'Agray',
  },
};

describe.each(Object.entries(EDGES))('behind %s', (program, { server, start, underscore }) => {
  describe.skipIf(skipsWithout(program))('as the edge', () => {
    let mesh: Mesh;
    let edge: TheirEdge;
    const ends: (() => Promise<void>)[] = [];
    beforeAll(async () => {
      mesh = await startMesh({ pods: PODS, config: CONFIG });
      ends.push(() => mesh.close());
      edge = await start((...pods) => pods.map((name) => server(name, mesh.pod(name).endpoint)).join('\n'));
      ends.push(() => edge.stop());
    }, 60_000);
    afterAll(async () => {
      for (const end of ends.toReversed()) await end();
    });

    /** The chains of several requests: the edge deals them out to all pods behind it. */
    async function chains(
      listener: number,
      host: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<readonly string[]> {
      const seen = new Set<string>();
      const to = edge.ports[listener] ?? { address: '', port: 0 };
      for (let count = 0; count < 6; count++) {
        seen.add(trail(await send(to, { host, path: CHAIN, headers })));
      }
      return [...seen];
    }

    const SHARED = 0;
    const CANARY = 1;

    it('finds the lane by the host, whichever version’s pod the edge chose', async () => {
      expect(await chains(SHARED, GRAY_HOST)).toEqual(['Agray B Cgray']);
      expect(await chains(SHARED, BASE_HOST)).toEqual(['A B C']);
    });

    it('finds it by a header, one that begins with _ included', async () => {
      expect(await chains(SHARED, BASE_HOST, { 'x-user-id': '1002' })).toEqual(['Agray B Cgray']);
      expect(await chains(SHARED, BASE_HOST, { _env: 'grey' })).toEqual(['Agray B Cgray']);
      expect(await chains(SHARED, BASE_HOST, { 'x-user-id': '1003', _env: 'green' })).toEqual(['A B C']);
    });

    it('says at the first hop which rule it was', async () => {
      await chains(SHARED, BASE_HOST, { 'x-user-id': '1001' });
      const hops = [
        ...(await mesh.pod('A').proxy.hops('?lane=gray')),
        ...(await mesh.pod('Agray').proxy.hops('?lane=gray')),
      ];
      expect(hops.map(({ evidence }) => evidence.detail)).toContain('rule gray#1');
    });

    it('finds it by the canary backend, to which the edge leads by a header or a host', async () => {
      expect(await chains(CANARY, BASE_HOST, { location: 'cn-shenzhen' })).toEqual(['Shopgray B Cgray']);
      expect(await chains(CANARY, GRAY_HOST)).toEqual(['Shopgray B Cgray']);
      expect(await chains(CANARY, BASE_HOST, { location: 'cn-beijing' })).toEqual(['Shop B C']);
    });

    it('lets nobody outside choose a lane, where the edge takes tags off', async () => {
      expect(await chains(SHARED, BASE_HOST, { baggage: 'lane=gray' })).toEqual(['A B C']);
    });

    it('hands on headers that begin with _ only where its program does so: nginx has to be told', async () => {
      const to = edge.ports[2] ?? { address: '', port: 0 };
      const answer = await send(to, { host: BASE_HOST, path: '/', headers: { _env: 'grey' } });
      expect(trail(answer)).toBe(underscore);
    });
  });
});
