import type { Update } from '@lanekeeper/protocol/discovery';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { expect, test } from 'vitest';
import { decodeUpdate } from './decode-update.ts';

const SERVICE: ServiceConfig = {
  ...{ name: 'b', namespace: 'shop', hosts: ['b.shop.svc.example'], addresses: ['10.96.0.7'] },
  ports: [
    { port: 80, protocol: 'http' },
    { port: 9090, protocol: 'grpc' },
  ],
  affinity: 'client-ip',
  endpoints: [
    {
      ...{ address: '10.0.0.1', ports: { 80: 8080, 9090: 9090 }, weight: 100, zone: 'z1', pod: 'b-1' },
      ...{ lane: 'gray', healthy: false, dropReason: 'not-injected', aliases: ['fd00::1'] },
      source: 'kubernetes',
    },
    { address: '10.0.0.2', ports: { 80: 8081 }, weight: 100, healthy: true, source: 'kubernetes' },
  ],
};

const UPDATE: Update = {
  kind: 'update',
  nonce: '7',
  mesh: {
    version: 'm1',
    value: {
      settings: {
        ...{ baggageKey: 'lane', explainHeader: false, traceHeaders: [], mode: 'permissive' },
        regionHeader: 'x-region',
        evidence: { trace: true, inFlight: true, bridge: [] },
        balancing: { policy: 'least-request', zoneAware: true },
      },
      colouring: [
        {
          ...{ name: 'TrafficLabelRule shop/beta-users', lane: 'gray', entries: ['shop/edge'], priority: 0 },
          match: [{ headers: { 'x-user-tier': { exact: 'beta' } } }],
        },
      ],
      groups: [
        {
          name: 'demo',
          services: [{ name: 'elsewhere', namespace: 'shop' }],
          mode: 'strict',
          evidence: { trace: true, inFlight: false, bridge: ['x-mse-tag'] },
        },
      ],
      lanes: [
        {
          ...{ name: 'gray', group: '', fallback: ['base'], serviceFallback: {} },
          ...{ match: [], entries: [], priority: 0 },
        },
      ],
      gateway: {
        trustIncomingTag: false,
        routes: [
          {
            hosts: ['*'],
            pathPrefix: '/',
            service: { name: 'elsewhere', namespace: 'shop' },
            port: 8080,
          },
        ],
      },
    },
  },
  services: [{ id: 'shop/b', version: 's1', value: SERVICE }],
  removed: ['shop/c'],
  answered: ['host:b', 'ip:192.0.2.1'],
  zone: 'z1',
  lane: 'gray',
};

/** As it comes from the wire. */
const wired = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('reads back an update whole, with references to services that are not in it', () => {
  expect(decodeUpdate(wired(UPDATE))).toEqual({ update: UPDATE });
});

test.each(['ORDERS@@order', 'providers:com.x.Order:1.0:', '订单', '__proto__'])(
  'reads a service that a registry calls %s, and what groups, lanes and routes say of it',
  (name) => {
    const ref = { name, namespace: 'shop' };
    const part = UPDATE.mesh?.value;
    if (part === undefined) throw new Error('the update has no mesh');
    const [group] = part.groups;
    const [lane] = part.lanes;
    const [route] = part.gateway.routes;
    const update = {
      ...UPDATE,
      mesh: {
        version: 'm1',
        value: {
          ...part,
          groups: [{ ...group, services: [ref] }],
          lanes: [{ ...lane, group: 'demo', serviceFallback: { [`shop/${name}`]: [] }, entries: [name] }],
          gateway: { ...part.gateway, routes: [{ ...route, service: ref }] },
        },
      },
      services: [{ id: `shop/${name}`, version: 's1', value: { ...SERVICE, name } }],
    };
    expect(decodeUpdate(JSON.parse(JSON.stringify(update)))).toEqual({ update });
  },
);

test('takes a control plane that does not know of colouring rules for one that has none', () => {
  const { colouring, ...rest } = UPDATE.mesh?.value ?? {};
  expect(colouring).toHaveLength(1);
  const decoded = decodeUpdate(wired({ ...UPDATE, mesh: { version: 'm1', value: rest } }));
  expect('update' in decoded ? decoded.update.mesh?.value.colouring : undefined).toEqual([]);
});

test('leaves out a service port that an endpoint does not have', () => {
  const decoded = decodeUpdate(wired(UPDATE));
  const update = 'update' in decoded ? decoded.update : undefined;
  expect(update?.services[0]?.value.endpoints[1]?.ports).toEqual({ 80: 8081 });
});

test('does without what a lane says for the control plane', () => {
  const part = UPDATE.mesh?.value;
  const lanes = part?.lanes.map((lane) => ({ ...lane, selector: { version: 'gray' } }));
  const update = { ...UPDATE, mesh: { version: 'm1', value: { ...part, lanes } } };
  expect(decodeUpdate(wired(update))).toEqual({ update: UPDATE });
});

test('ignores what only a later version knows', () => {
  const later = { ...UPDATE, colour: 1, services: [{ ...UPDATE.services[0], etag: 2 }] };
  expect(decodeUpdate(wired(later))).toEqual({ update: UPDATE });
});

test('names each mistake by its path, with the nonce to refuse it by', () => {
  const bad = { ...SERVICE, addresses: ['nowhere'], endpoints: [{ ...SERVICE.endpoints[0], weight: -1 }] };
  const update = { ...UPDATE, services: [{ id: 'shop/b', version: 's1', value: bad }], answered: ['b'] };
  const decoded = decodeUpdate(wired(update));
  expect('problems' in decoded ? [decoded.nonce, decoded.problems.map(({ path }) => path)] : []).toEqual([
    '7',
    ['services[0].value.addresses[0]', 'services[0].value.endpoints[0].weight', 'answered[0]'],
  ]);
});

test.each([
  ['nothing', null],
  ['a list', []],
  ['a number', 1],
  ['an empty object', {}],
  ['services that are none', { nonce: '1', services: [null, 1, {}, { id: 'x', version: '1', value: 2 }] }],
])('says what is wrong with %s instead of throwing', (_, value) => {
  const decoded = decodeUpdate(value);
  expect('problems' in decoded && decoded.problems.length > 0).toBe(true);
});
