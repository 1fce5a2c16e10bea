import { describe, expect, it } from 'vitest';
import { decodeRegistries } from './decode-registries.ts';

function registries(text: string) {
  const decoded = decodeRegistries(text);
  if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
  return decoded.value;
}

function problems(text: string): readonly string[] {
  const decoded = decodeRegistries(text);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('nacos.yaml', () => {
  it('needs no more than where a server is', () => {
    expect(registries('registries: [{servers: [nacos:8848]}]')).toEqual([
      {
        name: 'nacos',
        servers: [{ address: 'nacos', port: 8848 }],
        grpcPortOffset: 1000,
        contextPath: '/nacos',
        protocol: 'auto',
        credentials: undefined,
        tls: undefined,
        namespaces: [{ id: '', meshNamespace: 'default', groups: ['DEFAULT_GROUP'] }],
        clusters: [],
        laneKeys: [
          ...['lanekeeper.io/lane', 'traffic.opensergo.io/label'],
          ...['alicloud.service.tag', '__micro.service.env__', 'opensergo.io/canary-*'],
        ],
        zoneKeys: ['topology.kubernetes.io/zone', 'zone'],
        recovery: { holdMs: 30_000, missingShare: 0.5 },
        configuration: undefined,
      },
    ]);
  });

  it('has a place for everything', () => {
    const [first, second] = registries(`
registries:
- name: main
  servers: [10.0.0.1, "[fd00::1]:8850"]
  protocol: http
  grpcPortOffset: 2000
  contextPath: /
  username: lanekeeper
  passwordFile: /etc/nacos/password
  tls: {caFile: /etc/nacos/ca.crt}
  namespaces:
  - {id: public, meshNamespace: shop, groups: [DEFAULT_GROUP, ORDERS]}
  - {id: 5f1e9d1e-90d4-4b1c-9c1f-0a4e3a1f6f3a}
  clusters: [HZ]
  laneKeys: [lanekeeper.io/lane, version]
  zoneKeys: [az]
  recovery: {holdMs: 0, missingShare: 0.25}
  configuration: {namespace: public, group: LANES, laneGroups: [demo], dataIds: [more.yaml]}
- {servers: [other.example.com], tls: true}
`);
    expect(first).toEqual({
      name: 'main',
      servers: [
        { address: '10.0.0.1', port: 8848 },
        { address: 'fd00::1', port: 8850 },
      ],
      grpcPortOffset: 2000,
      contextPath: '/',
      protocol: 'http',
      credentials: { username: 'lanekeeper', passwordFile: '/etc/nacos/password' },
      tls: { caFile: '/etc/nacos/ca.crt' },
      namespaces: [
        { id: '', meshNamespace: 'shop', groups: ['DEFAULT_GROUP', 'ORDERS'] },
        {
          id: '5f1e9d1e-90d4-4b1c-9c1f-0a4e3a1f6f3a',
          meshNamespace: '5f1e9d1e-90d4-4b1c-9c1f-0a4e3a1f6f3a',
          groups: ['DEFAULT_GROUP'],
        },
      ],
      clusters: ['HZ'],
      laneKeys: ['lanekeeper.io/lane', 'version'],
      zoneKeys: ['az'],
      recovery: { holdMs: 0, missingShare: 0.25 },
      configuration: { namespace: '', group: 'LANES', dataIds: ['lanekeeper-demo.yaml', 'more.yaml'] },
    });
    expect(second).toMatchObject({ name: 'other.example.com', tls: { caFile: undefined } });
  });

  it('reports every mistake with its place, all together', () => {
    const text = `
registries:
- servers: []
  username: lanekeeper
  recovery: {missingShare: 2, hold: 1}
- servers: [nacos:0, "a b"]
  namespaces: [{id: a}, {id: a}, {id: Shop.Test}]
  laneKeys: [x, x]
  configuration: {group: LANES}
- {servers: [nacos]}
- {servers: [nacos]}
`;
    expect(problems(text)).toEqual([
      'registries[0].servers (3:12): expected at least one server, host:port, found a list',
      'registries[0] (3:3): expected both username and passwordFile, or neither',
      'registries[0].recovery.hold (5:31): unknown key; did you mean holdMs?',
      'registries[0].recovery.missingShare (5:28): expected a number above 0 and up to 1, found 2',
      'registries[1].servers[0] (6:13): expected host:port or [IPv6]:port, found "nacos:0"',
      'registries[1].servers[1] (6:22): expected host:port or [IPv6]:port, found "a b"',
      'registries[1].namespaces[2] (7:34): meshNamespace is missing: "Shop.Test" cannot name a namespace of the mesh',
      'registries[1].namespaces[1] (7:25): namespace a stands here twice; keep one, with the groups of both',
      'registries[1].laneKeys[1] (8:17): x stands here twice; keep one',
      'registries[1].configuration (9:18): expected laneGroups: [demo] (lanekeeper-demo.yaml) or dataIds: [my-lanes.yaml], found a mapping',
      'registries[3] (11:3): nacos names another registry already; give each a name',
    ]);
    expect(problems('registries: []')).toEqual([
      'document (1:1): expected at least one registry: registries: [{servers: [nacos:8848]}]',
    ]);
    expect(problems('')).toEqual(['document: expected a mapping, found nothing']);
  });

  it('takes no password, says where one belongs, and shows none', () => {
    const text = `
registries:
- servers: ["http://nacos:swordfish@10.0.0.1:8848/nacos"]
  username: nacos
  password: swordfish
`;
    const said = problems(text);
    expect(said).toHaveLength(3);
    expect(said.join('\n')).toContain('passwordFile');
    expect(said.join('\n')).not.toContain('swordfish');
  });
});
