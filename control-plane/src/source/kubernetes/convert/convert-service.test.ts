import { describe, expect, it } from 'vitest';
import { endpoint, HTTP_PORT, namespace, pod, service, slice } from './cluster.fixture.ts';
import { BASE, convert, convertIn, endpointsOf, GRAY, summary } from './converted.fixture.ts';

describe('members that a Service selects', () => {
  const both = slice('b', [endpoint('b-1', '10.0.0.1'), endpoint('b-2', '10.0.0.2')]);

  it('are split by the lane of their pod', () => {
    const lane = { app: 'b', 'lanekeeper.io/lane': 'gray' };
    const pods = [pod('b-1', '10.0.0.1', { labels: { app: 'b' } }), pod('b-2', '10.0.0.2', { labels: lane })];
    expect(summary(endpointsOf('b', service('b'), both, ...pods))).toEqual([
      '10.0.0.1 base ok',
      '10.0.0.2 gray ok',
    ]);
  });

  it('are left out while their pod is not known, or has another address', () => {
    expect(endpointsOf('b', service('b'), both)).toEqual([]);
    expect(endpointsOf('b', service('b'), both, pod('b-1', '10.0.0.9', { labels: { app: 'b' } }))).toEqual(
      [],
    );
  });

  it('are left out where their address has gone to another pod, which counts there alone', () => {
    const stale = slice('b', [endpoint('b-1', '10.0.0.1')]);
    const pods = [
      pod('b-1', '10.0.0.1', { labels: BASE, isTerminating: true }),
      pod('b-new-1', '10.0.0.1', { labels: GRAY }),
    ];
    expect(summary(endpointsOf('b', service('b'), stale, ...pods))).toEqual(['10.0.0.1 gray ok']);
  });

  it('of hand-made slices have the lane of the pod at their address', () => {
    const byHand = slice('b', [endpoint('', '10.0.0.2'), endpoint('', '192.0.2.1')]);
    const objects = [service('b', { selector: undefined }), byHand, pod('x', '10.0.0.2', { labels: GRAY })];
    expect(summary(endpointsOf('b', ...objects))).toEqual(['10.0.0.2 gray ok', '192.0.2.1 base ok']);
  });

  it('that several slices name are one endpoint', () => {
    const again = slice('b', [endpoint('b-1', '10.0.0.1', { ready: false })], { name: 'b-2' });
    const objects = [service('b'), both, again, pod('b-1', '10.0.0.1', { labels: { app: 'b' } })];
    expect(summary(endpointsOf('b', ...objects))).toEqual(['10.0.0.1 base ok']);
  });

  it('of two address families are one endpoint, by its pod’s primary address', () => {
    const v6 = slice('b', [endpoint('b-1', 'FD00:0::1')], { name: 'b-0', addressType: 'IPv6' });
    const dual = pod('b-1', '', { labels: { app: 'b' }, addresses: ['10.0.0.1', 'fd00::1'] });
    const [one, ...more] = endpointsOf('b', service('b'), v6, both, dual);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ address: '10.0.0.1', aliases: ['fd00::1'] });
  });

  it('may have other ports than each other', () => {
    const ports = [HTTP_PORT, { name: 'admin', port: 81, targetPort: 'admin', protocol: 'TCP' }];
    const first = slice('b', [endpoint('b-1', '10.0.0.1')], {
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'admin', port: 9001, protocol: 'TCP' },
        { name: 'admin', port: 9009, protocol: 'UDP' },
      ],
    });
    const second = slice('b', [endpoint('b-2', '10.0.0.2')], {
      name: 'b-2',
      ports: [{ name: 'http', port: 8081, protocol: 'TCP' }],
    });
    const pods = [
      pod('b-1', '10.0.0.1', { labels: { app: 'b' } }),
      pod('b-2', '10.0.0.2', { labels: { app: 'b' } }),
    ];
    const endpoints = endpointsOf('b', service('b', { ports }), first, second, ...pods);
    expect(endpoints.map((one) => one.ports)).toEqual([{ 80: 8080, 81: 9001 }, { 80: 8081 }]);
  });

  it('that share their node’s address keep their own lanes and ports', () => {
    const host = { hostNetwork: true };
    const pods = [
      pod('h-1', '192.0.2.1', { ...host, labels: { app: 'b' } }),
      pod('h-2', '192.0.2.1', { ...host, labels: GRAY }),
    ];
    const slices = [
      slice('b', [endpoint('h-1', '192.0.2.1')]),
      slice('b', [endpoint('h-2', '192.0.2.1')], {
        name: 'b-2',
        ports: [{ name: 'http', port: 8081, protocol: 'TCP' }],
      }),
    ];
    const endpoints = endpointsOf('b', service('b'), ...pods, ...slices);
    expect(endpoints.map(({ address, ports, lane }) => [address, ports[80], lane])).toEqual([
      ['192.0.2.1', 8080, undefined],
      ['192.0.2.1', 8081, 'gray'],
    ]);
  });
});

describe('what is going', () => {
  const going = { ready: false, terminating: true };
  const world = (one: object, other: object) =>
    summary(
      endpointsOf(
        'b',
        service('b'),
        pod('b-1', '10.0.0.1', { labels: { app: 'b' } }),
        pod('b-2', '10.0.0.2', { labels: { app: 'b', 'lanekeeper.io/lane': 'gray' } }),
        slice('b', [endpoint('b-1', '10.0.0.1', one), endpoint('b-2', '10.0.0.2', other)]),
      ),
    );

  it('serves no more while its lane or the baseline has somebody ready', () => {
    expect(world({}, going)).toEqual(['10.0.0.1 base ok', '10.0.0.2 gray terminating']);
  });

  it('serves on where nobody else could', () => {
    expect(world(going, going)).toEqual(['10.0.0.1 base ok', '10.0.0.2 gray ok']);
    expect(world(going, {})).toEqual(['10.0.0.1 base ok', '10.0.0.2 gray ok']);
    expect(world({ ...going, serving: false }, going)).toEqual([
      '10.0.0.1 base terminating',
      '10.0.0.2 gray ok',
    ]);
  });

  it('is known from the pod before the slices say so', () => {
    const pods = [
      pod('b-1', '10.0.0.1', { labels: { app: 'b' }, isTerminating: true }),
      pod('b-2', '10.0.0.2', { labels: { app: 'b' } }),
    ];
    const all = slice('b', [endpoint('b-1', '10.0.0.1'), endpoint('b-2', '10.0.0.2')]);
    expect(summary(endpointsOf('b', service('b'), all, ...pods))).toEqual([
      '10.0.0.1 base terminating',
      '10.0.0.2 base ok',
    ]);
  });

  it('and what is not ready serves all the same where the Service publishes it', () => {
    const publishing = service('b', { publishNotReadyAddresses: true });
    const published = slice('b', [endpoint('b-1', '10.0.0.1', { ready: true, terminating: true })]);
    const pods = [
      pod('b-1', '10.0.0.1', { labels: BASE }),
      pod('b-new-1', '10.0.0.2', { labels: GRAY, isReady: false }),
    ];
    expect(summary(endpointsOf('b', publishing, published, ...pods))).toEqual([
      '10.0.0.1 base ok',
      '10.0.0.2 gray ok',
    ]);
  });
});

describe('a pod of a lane without a sidecar', () => {
  const bare = pod('b-new-1', '10.0.0.2', { labels: GRAY, isInjected: false });
  const labelled = namespace('shop', { labels: { 'lanekeeper.io/injection': 'enabled' } });

  it('is no candidate where it was to get one', () => {
    expect(summary(endpointsOf('b', service('b'), bare, labelled))).toEqual(['10.0.0.2 gray not-injected']);
  });

  it('is one where nobody wished for a sidecar', () => {
    expect(summary(endpointsOf('b', service('b'), bare))).toEqual(['10.0.0.2 gray ok']);
    const out = pod('b-new-1', '10.0.0.2', {
      labels: { ...GRAY, 'lanekeeper.io/inject': 'false' },
      isInjected: false,
    });
    expect(summary(endpointsOf('b', service('b'), out, labelled))).toEqual(['10.0.0.2 gray ok']);
  });

  it('does not matter in the baseline', () => {
    const base = pod('b-1', '10.0.0.1', { labels: BASE, isInjected: false });
    const objects = [service('b'), base, labelled, slice('b', [endpoint('b-1', '10.0.0.1')])];
    expect(summary(endpointsOf('b', ...objects))).toEqual(['10.0.0.1 base ok']);
  });
});

describe('a pod whose lane is no lane name', () => {
  it('is neither of the baseline nor of a lane, and is reported', () => {
    const odd = pod('b-1', '10.0.0.1', { labels: { app: 'b', 'alicloud.service.tag': 'Gray_1' } });
    const { byName, problems } = convert(service('b'), odd, slice('b', [endpoint('b-1', '10.0.0.1')]));
    expect(byName.get('b')?.config.endpoints).toEqual([]);
    expect(problems).toEqual([
      { code: 'misnamed-lane', object: 'Pod shop/b-1', message: expect.stringContaining('"Gray_1"') },
    ]);
  });
});

describe('a Service', () => {
  it('without a selector or addresses of its own is one all the same; ExternalName is none', () => {
    const { byName } = convert(
      service('headless', { clusterIPs: [] }),
      service('by-hand', { selector: undefined }),
      service('outside', { type: 'ExternalName', clusterIPs: [] }),
    );
    expect([...byName.keys()].sort()).toEqual(['by-hand', 'headless']);
    expect(byName.get('headless')?.config.addresses).toEqual([]);
  });

  it('without a port of TCP is none: nothing that the mesh carries goes there', () => {
    const { byName } = convert(
      service('names', { ports: [{ ...HTTP_PORT, name: 'dns', protocol: 'UDP' }] }),
      service('peers', { clusterIPs: [], ports: [] }),
    );
    expect([...byName.keys()]).toEqual([]);
  });

  it('is known by its full name where the cluster has a domain of its own', () => {
    const hostsIn = (domain?: string) => convertIn(domain, service('b')).byName.get('b')?.config.hosts;
    expect(hostsIn('corp.example')).toEqual(['b.shop.svc.corp.example']);
    expect(hostsIn()).toEqual([]);
  });

  it('has its ports of TCP with the protocol that appProtocol or the name says', () => {
    const named = (name: string, port: number, more = {}) => ({ ...HTTP_PORT, name, port, ...more });
    const ports = [
      named('grpc-orders', 1),
      named('http', 2),
      named('db', 3, { appProtocol: 'mysql' }),
      named('http-x', 4, { appProtocol: 'kubernetes.io/h2c' }),
      named('web', 5),
      named('dns', 6, { protocol: 'UDP' }),
      named('grpc-web-x', 7),
      named('https', 8),
    ];
    const { byName } = convert(service('b', { ports }));
    expect(byName.get('b')?.config.ports).toEqual([
      { port: 1, protocol: 'grpc' },
      { port: 2, protocol: 'http' },
      { port: 3, protocol: 'tcp' },
      { port: 4, protocol: 'http2' },
      { port: 5, protocol: 'auto' },
      { port: 7, protocol: 'http' },
      { port: 8, protocol: 'tcp' },
    ]);
  });

  it('keeps callers with one endpoint where it has client affinity, and knows all its addresses', () => {
    const both = { sessionAffinity: 'ClientIP', clusterIPs: ['10.96.0.1', 'fd00::1'] } as const;
    expect(convert(service('b', both)).byName.get('b')?.config).toMatchObject({
      affinity: 'client-ip',
      addresses: ['10.96.0.1', 'fd00::1'],
    });
  });

  it('is seen by whom its annotation names, else its namespace’s, else by all', () => {
    const exported = (value?: string, general?: string) => {
      const key = 'lanekeeper.io/export-to';
      const annotated = (text?: string) => (text === undefined ? {} : { annotations: { [key]: text } });
      const { byName, problems } = convert(
        service('b', annotated(value)),
        namespace('shop', annotated(general)),
      );
      const exportTo = byName.get('b')?.exportTo;
      return { to: typeof exportTo === 'string' ? exportTo : [...(exportTo ?? [])], problems };
    };
    expect(exported().to).toBe('*');
    expect(exported('.').to).toEqual(['shop']);
    expect(exported('web, admin').to).toEqual(['shop', 'web', 'admin']);
    expect(exported(undefined, '.').to).toEqual(['shop']);
    expect(exported('*', '.').to).toBe('*');
    expect(exported('Web!').to).toEqual(['shop']);
    expect(exported('Web!').problems).toMatchObject([{ code: 'bad-export-to', object: 'Service shop/b' }]);
    expect(exported(undefined, '').problems).toMatchObject([{ object: 'Namespace shop' }]);
  });
});
