import { FieldReader } from '../../read/fields.ts';
import { readService } from '../../read/read-service.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeGateway } from '../objects.ts';
import { readGateway } from '../read/read-gateway.ts';
import { placesOf, type PlacedService } from './gateway-places.ts';
import { isApplied, planService, serviceName, type PlanContext, type ServicePlan } from './plan-service.ts';

const reader = new FieldReader(() => {
  throw new TypeError('an object has a field of the wrong kind');
});
const CONTEXT: PlanContext = { namespace: 'lanekeeper-system', type: 'ClusterIP', taken: new Set() };

function gateway(
  namespace: string,
  name: string,
  ports: readonly number[] = [80],
  more: object = {},
): KubeGateway {
  const listeners = ports.map((port) => ({
    name: `l${port}`,
    port,
    protocol: port === 443 ? 'HTTPS' : 'HTTP',
  }));
  return readGateway({ metadata: { name, namespace }, spec: { listeners, ...more } }, reader);
}

/** As the watch would show it after it was applied. */
function applied(...plans: readonly ServicePlan[]): ReadonlyMap<string, PlacedService> {
  return placesOf(plans.map(({ manifest }) => readService(manifest as never, reader)));
}

const dnsLabel = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?$/);
const dnsName = fc
  .array(dnsLabel, { minLength: 1, maxLength: 3 })
  .map((labels) => labels.join('.').slice(0, 253));

describe('the Service of a Gateway', () => {
  it('has a name that a Service may have, whatever the Gateway is called', () => {
    fc.assert(
      fc.property(dnsLabel, dnsName, (namespace, name) => {
        const given = serviceName(gateway(namespace, name.replace(/[.-]+$/, '')));
        expect(given).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
        expect(given.length).toBeLessThanOrEqual(63);
      }),
    );
  });

  it('has a name of its own where names run together', () => {
    const long = 'x'.repeat(63);
    const names = [
      gateway('a-b', 'c'),
      gateway('a', 'b-c'),
      gateway('a', 'b.c'),
      gateway(long, `${long}1`),
      gateway(long, `${long}2`),
    ].map(serviceName);
    expect(new Set(names).size).toBe(names.length);
  });

  it('keeps the target ports that it has, and takes none that another one has', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 20 }),
        (ports) => {
          const first = planService(gateway('shop', 'edge', ports.slice(0, -1)), undefined, CONTEXT);
          const taken = new Set([...first.targetPorts.values()]);
          const other = planService(gateway('shop', 'other', ports), undefined, { ...CONTEXT, taken });
          const again = planService(gateway('shop', 'edge', ports), applied(first).get('shop/edge'), {
            ...CONTEXT,
            taken: new Set(other.targetPorts.values()),
          });
          for (const [port, target] of first.targetPorts) expect(again.targetPorts.get(port)).toBe(target);
          const all = [...again.targetPorts.values(), ...other.targetPorts.values()];
          expect(new Set(all).size).toBe(2 * ports.length);
        },
      ),
    );
  });

  it('has one port for all listeners of a port, none for protocols that are not served', () => {
    const listeners = [
      { name: 'a', port: 80, protocol: 'HTTP', hostname: 'a.example.com' },
      { name: 'b', port: 80, protocol: 'HTTP' },
      { name: 'c', port: 443, protocol: 'HTTPS' },
      { name: 'd', port: 53, protocol: 'UDP' },
    ];
    const { manifest } = planService(gateway('shop', 'edge', [], { listeners }), undefined, CONTEXT);
    expect(manifest['spec']).toMatchObject({
      ports: [
        { name: 'http-80', port: 80, protocol: 'TCP' },
        { name: 'https-443', port: 443, protocol: 'TCP' },
      ],
    });
  });

  it('bears what the Gateway wishes, but nothing that is ours to say', () => {
    const infrastructure = {
      labels: { team: 'a', 'app.kubernetes.io/component': 'injector' },
      annotations: {
        'service.beta.kubernetes.io/x': '1',
        'lanekeeper.io/gateway': 'other/one',
        'lanekeeper.io/export-to': '.',
      },
    };
    const { manifest } = planService(gateway('shop', 'edge', [80], { infrastructure }), undefined, CONTEXT);
    const { labels, annotations } = manifest['metadata'] as Record<string, Record<string, string>>;
    expect(labels).toMatchObject({
      team: 'a',
      'app.kubernetes.io/component': 'gateway',
      'gateway.networking.k8s.io/gateway-name': 'edge',
    });
    expect(annotations).toMatchObject({
      'service.beta.kubernetes.io/x': '1',
      'lanekeeper.io/gateway': 'shop/edge',
    });
    expect(annotations).not.toHaveProperty('lanekeeper.io/export-to');
  });

  it('is applied anew when the wish or the Service is another one, and not otherwise', () => {
    const plan = planService(gateway('shop', 'edge'), undefined, CONTEXT);
    const present = applied(plan).get('shop/edge');
    expect(isApplied(plan, present)).toBe(true);
    expect(isApplied(plan, undefined)).toBe(false);
    const labelled = gateway('shop', 'edge', [80], { infrastructure: { labels: { a: 'b' } } });
    expect(isApplied(planService(labelled, present, CONTEXT), present)).toBe(false);
    expect(
      isApplied(planService(gateway('shop', 'edge'), present, { ...CONTEXT, type: 'NodePort' }), present),
    ).toBe(false);
    if (present === undefined) throw new TypeError('it was applied');
    const edited = { ...present, targetPorts: new Map([[80, 8080]]) };
    expect(isApplied(plan, edited)).toBe(false);
  });
});

describe('Services of Gateways as they are found', () => {
  it('share no target port: the first by name keeps it', () => {
    const one = planService(gateway('shop', 'one'), undefined, CONTEXT);
    const [target = 0] = [...one.targetPorts.values()];
    const thief = {
      ...one.manifest,
      metadata: {
        name: 'zz',
        namespace: 'lanekeeper-system',
        annotations: { 'lanekeeper.io/gateway': 'shop/two' },
      },
    };
    const places = applied({ ...one, manifest: thief }, one);
    expect(places.get('shop/one')?.targetPorts.get(80)).toBe(target);
    expect(places.get('shop/two')?.targetPorts.size).toBe(0);
  });

  it('are reached at their own addresses, or where their load balancer is', () => {
    const plan = planService(gateway('shop', 'edge'), undefined, CONTEXT);
    const addressesOf = (spec: object, status: object = {}): unknown => {
      const manifest = { ...plan.manifest, spec: { ...(plan.manifest['spec'] as object), ...spec }, status };
      return applied({ ...plan, manifest }).get('shop/edge')?.addresses;
    };
    const own = { clusterIPs: ['10.96.0.1', 'fd00::1'] };
    expect(addressesOf({ ...own, type: 'ClusterIP' })).toEqual([
      { type: 'IPAddress', value: '10.96.0.1' },
      { type: 'IPAddress', value: 'fd00::1' },
    ]);
    expect(addressesOf({ ...own, type: 'LoadBalancer' })).toEqual([]);
    const ingress = [{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }];
    expect(addressesOf({ ...own, type: 'LoadBalancer' }, { loadBalancer: { ingress } })).toEqual([
      { type: 'IPAddress', value: '192.0.2.1' },
      { type: 'Hostname', value: 'lb.example.com' },
    ]);
  });
});
