import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { decodeUpdate } from '@lanekeeper/mesh-file/decode-update';
import type { EdgeRule } from '@lanekeeper/protocol/edge';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryObjects } from './arbitrary-gateway-api.fixture.ts';
import { convertGatewayApi, type ConvertedGatewayApi } from './convert-gateway-api.ts';
import { GatewayApiObjects } from './gateway-api.fixture.ts';
import { grantsOf } from './reference-grants.ts';

function worldOf(objects: readonly KubeObject[]): GatewayApiObjects {
  const world = new GatewayApiObjects();
  for (const object of objects) world.putObject(object);
  return world;
}

function convert(objects: readonly KubeObject[]): ConvertedGatewayApi {
  return convertGatewayApi(worldOf(objects).view());
}

function rulesOf({
  edge,
}: ConvertedGatewayApi): readonly { listener: string; host: string; rule: EdgeRule }[] {
  return edge.listeners.flatMap(({ name, hosts }) =>
    hosts.flatMap(({ host, rules }) => rules.map((rule) => ({ listener: name, host, rule }))),
  );
}

/** `HTTPRoute shop/a` of `HTTPRoute shop/a: rule 0, match 1`. */
function routeOf({ name }: EdgeRule): string {
  return name.slice(0, name.indexOf(': '));
}

/** `Gateway shop/edge` -> routes that some listener of it has accepted, as their statuses say. */
function acceptedRoutes({ statuses }: ConvertedGatewayApi): ReadonlySet<string> {
  const accepted = new Set<string>();
  for (const { resource, object, status } of statuses) {
    const { namespace, name } = object.meta;
    for (const parent of (status['parents'] ?? []) as readonly unknown[]) {
      const { parentRef, conditions } = fieldsOf(parent);
      const [first] = conditions as readonly { type: string; status: string }[];
      const ref = parentRef as { readonly namespace?: string; readonly name: string };
      const gateway = `${ref.namespace ?? namespace}/${ref.name}`;
      if (first?.type === 'Accepted' && first.status === 'True')
        accepted.add(`${gateway} ${resource.kind} ${namespace}/${name}`);
    }
  }
  return accepted;
}

describe('whatever Gateways and routes there are', () => {
  it('what is made of them does not depend on the order in which they came', () => {
    fc.assert(
      fc.property(
        arbitraryObjects.chain((objects) =>
          fc.tuple(
            fc.constant(objects),
            fc.shuffledSubarray([...objects], { minLength: objects.length, maxLength: objects.length }),
          ),
        ),
        ([objects, shuffled]) => {
          expect(JSON.stringify(convert(shuffled))).toBe(JSON.stringify(convert(objects)));
        },
      ),
    );
  });

  it('gateways take what they are told', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        const edge = { version: 'e1', value: convert(objects).edge };
        const update = { nonce: '1', edge, services: [], removed: [], answered: [] };
        const decoded = decodeUpdate(JSON.parse(JSON.stringify(update)));
        expect('problems' in decoded ? decoded.problems : []).toEqual([]);
      }),
    );
  });

  it('only routes that are accepted are served, and only at Gateways that have accepted them', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        const converted = convert(objects);
        const accepted = acceptedRoutes(converted);
        for (const { listener, rule } of rulesOf(converted)) {
          const gateway = listener.slice('Gateway '.length, listener.indexOf(': '));
          expect(accepted).toContain(`${gateway} ${routeOf(rule)}`);
        }
      }),
    );
  });

  it('listeners count the routes that they have', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        const converted = convert(objects);
        const served = Map.groupBy(rulesOf(converted), ({ listener }) => listener);
        for (const { object, status } of converted.statuses) {
          const { namespace, name } = object.meta;
          for (const listener of (status['listeners'] ?? []) as readonly unknown[]) {
            const { name: section, attachedRoutes } = fieldsOf(listener);
            const rules = served.get(`Gateway ${namespace}/${name}: ${String(section)}`) ?? [];
            const routes = new Set(rules.map(({ rule }) => routeOf(rule)));
            // A route without a rule that can be matched is there too.
            expect(attachedRoutes).toBeGreaterThanOrEqual(routes.size);
          }
        }
      }),
    );
  });

  it('nothing of another namespace is used that does not allow it', () => {
    fc.assert(
      fc.property(arbitraryObjects, (objects) => {
        const world = worldOf(objects);
        const isGranted = grantsOf(world.referenceGrants.values());
        const converted = convertGatewayApi(world.view());
        for (const { rule } of rulesOf(converted)) {
          const [kind = '', of = ''] = routeOf(rule).split(' ');
          const [namespace = ''] = of.split('/');
          const backends = rule.action.kind === 'forward' ? rule.action.backends : [];
          const used = [...backends, ...(rule.mirrors ?? [])].flatMap(({ service }) => service ?? []);
          for (const service of used) {
            const to = { ...service, group: '', kind: 'Service' };
            expect(isGranted({ from: { kind, namespace }, to })).toBe(true);
          }
        }
        for (const { name, certificates } of converted.edge.listeners) {
          const [namespace = ''] = name.slice('Gateway '.length).split('/');
          for (const id of certificates) {
            const [of = '', secret = ''] = id.split('/');
            const to = { group: '', kind: 'Secret', namespace: of, name: secret };
            expect(isGranted({ from: { kind: 'Gateway', namespace }, to })).toBe(true);
          }
        }
      }),
    );
  });
});
