import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { decodeConfig } from '../decode-config.ts';
import { decodePart } from '../decode-part.ts';
import { parseManifest } from './parse-manifest.ts';

const SERVICES = `services:
- {name: a, namespace: shop, port: 80, endpoints: [{address: 10.0.0.1}, {address: 10.0.0.2, lane: gray}]}
- {name: b, namespace: shop, port: 80, endpoints: [{address: 10.0.0.3}]}
`;

const GROUP = `apiVersion: lanekeeper.io/v1alpha1
kind: LaneGroup
metadata: {name: demo, namespace: shop}
spec: {services: [{name: a}, {name: b}], mode: strict}
`;

function lane(spec: string, name = 'gray'): string {
  return `apiVersion: lanekeeper.io/v1alpha1
kind: Lane
metadata: {name: ${name}, namespace: shop}
spec: {group: demo, ${spec}}
`;
}

function decoded(...documents: readonly string[]): MeshConfig {
  const result = decodeConfig(documents.join('---\n'));
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

function problems(...documents: readonly string[]): readonly string[] {
  const result = decodeConfig(documents.join('---\n'));
  return 'problems' in result ? result.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('a mesh file with objects', () => {
  test('says the same as one in the plain form', () => {
    const plain = `settings: {regionHeader: x-where}
${SERVICES}groups: [{name: shop/demo, services: [shop/a, shop/b], mode: strict}]
lanes: [{name: gray, group: shop/demo, serviceFallback: {shop/b: []}, match: [{regions: [north]}], entries: [shop/a], priority: 5}]
`;
    const objects = lane('serviceFallback: {b: []}, match: [{regions: [north]}], entries: [a], priority: 5');
    expect(decoded(`settings: {regionHeader: x-where}\n${SERVICES}`, GROUP, objects)).toEqual(decoded(plain));
  });

  test('is what docs/config-file.md shows', () => {
    const page = readFileSync(new URL('../../../docs/config-file.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('## Objects of a cluster');
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(section) ?? [];
    expect(decoded(example)).toMatchObject({
      groups: [{ name: 'shop/demo' }],
      lanes: [{ name: 'gray', entries: ['shop/a'] }],
    });
  });

  test('may have both forms, and empty documents between', () => {
    const text = `${SERVICES}colouring: [{name: r, lane: gray, entries: [shop/a], match: [{hosts: [x]}]}]\n`;
    const rule = `apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata: {name: testers, namespace: shop}
spec: {selector: {app: a}, trafficLabel: gray, match: [{condition: "==", type: header, key: location, value: cn-shenzhen}]}
`;
    expect(decoded('', text, '# nothing\n', rule).colouring.map(({ name }) => name)).toEqual([
      'r',
      'TrafficLabelRule shop/testers',
    ]);
  });

  test('may say the default selector, and a label for data, as manifests of a cluster do', () => {
    const data = `apiVersion: traffic.opensergo.io/v1alpha1
kind: WorkloadLabelRule
metadata: {name: shadow}
spec: {workloadLabels: [gray], selector: {db: orders, table: orders_gray}}
`;
    const config = decoded(SERVICES, GROUP, lane('selector: {lanekeeper.io/lane: gray}'), data);
    expect(config.lanes.map(({ name }) => name)).toEqual(['gray']);
  });

  test('is refused with the object and the place of each mistake', () => {
    expect(problems(SERVICES, GROUP, lane('match: [{percent: 101}], fallback: [x y]'))).toEqual([
      'Lane shop/gray: spec.fallback[0] (13:57): expected a lane name: lower-case letters, digits and "-", at most 63 characters, found "x y"',
      'Lane shop/gray: spec.match[0].percent (13:39): expected a number from 0 to 100 with at most two decimals, found 101',
    ]);
  });

  test('is refused where it says what only a cluster can do', () => {
    const config = `apiVersion: lanekeeper.io/v1alpha1
kind: GatewayConfig
metadata: {name: edge}
`;
    const labels = `apiVersion: traffic.opensergo.io/v1alpha1
kind: WorkloadLabelRule
metadata: {name: orders}
spec: {workloadLabels: [gray], selector: {app: orders}}
`;
    const found = problems(SERVICES, GROUP, lane('selector: {version: v2}, ttl: 72h'), labels, config);
    expect(found.map((problem) => problem.replace(/ \(\d+:\d+\)/, ''))).toEqual([
      'Lane shop/gray: spec.selector: chooses pods in Kubernetes; outside of it endpoints name their lane themselves (lane: gray): leave it out',
      'Lane shop/gray: spec.ttl: counts from the creation of an object in Kubernetes, which a file does not have; leave it out and take the lane away when its time is over',
      'WorkloadLabelRule default/orders: spec.selector: selects pods in Kubernetes; outside of it endpoints and instances name their lane themselves: take the rule out',
      'GatewayConfig default/edge: kind: configures gateways in Kubernetes; of a mesh file the gateway reads gateway: {trustIncomingTag, routes}',
    ]);
  });

  test('is refused where its objects do not fit together, or not to the rest of the file', () => {
    const other = GROUP.replace('name: demo', 'name: other').replace('{name: b}', '{name: x}');
    expect(
      problems(
        SERVICES,
        GROUP,
        other,
        lane('fallback: [blue]'),
        lane('priority: 1', 'red').replace('demo', 'demos'),
      ),
    ).toEqual([
      'LaneGroup shop/other: spec.services[0]: service shop/a belongs to the older LaneGroup shop/demo; take it out of one of the two',
      'Lane shop/gray: spec.fallback[0]: there is no lane blue in LaneGroup shop/demo; it is left out of the chain',
      'Lane shop/red: spec.group: there is no LaneGroup shop/demos; did you mean shop/demo?; without it nothing of this lane is in force',
      expect.stringMatching(
        /^LaneGroup shop\/other: spec\.services\[1\] \(\d+:\d+\): no service shop\/x is declared$/,
      ) as unknown,
    ]);
  });

  test('is refused where an object stands twice, or a second document is in the plain form', () => {
    expect(problems(SERVICES, GROUP, GROUP, 'lanes: []\n')).toEqual([
      'document (15:1): expected one document beside those of objects, found a second after ---',
      'LaneGroup shop/demo: document (10:1): stands in this file twice; keep one',
    ]);
  });

  test('is refused where a document forgets its apiVersion', () => {
    expect(problems(SERVICES, 'kind: Lane\nmetadata: {name: gray}\nspec: {group: demo}\n')).toEqual([
      'Lane default/gray: document (5:1): apiVersion is missing',
    ]);
  });
});

describe('a document of lanes beside other services', () => {
  test('may consist of objects', () => {
    const result = decodePart([GROUP, lane('match: [{hosts: [x.example.com]}]')].join('---\n'));
    expect(result).toMatchObject({
      value: {
        groups: [{ name: 'shop/demo', services: [{ name: 'a' }, { name: 'b' }], mode: 'strict' }],
        lanes: [{ name: 'gray', group: 'shop/demo' }],
      },
    });
  });
});

describe('a manifest', () => {
  test('is read as its documents, the empty ones apart', () => {
    expect(parseManifest('a: 1\n---\n---\n# nothing\n---\nb: [2]\n')).toEqual({
      documents: [{ a: 1 }, { b: [2] }],
    });
  });

  test('that is no YAML is told with the place', () => {
    expect(parseManifest('a: [1\nb: 2\n')).toMatchObject({
      problems: [{ path: expect.stringMatching(/^document \(\d+:\d+\)$/) as unknown }],
    });
  });

  test('whose aliases multiply is refused', () => {
    const levels = Array.from(
      { length: 12 },
      (_, index) =>
        `l${index + 1}: &l${index + 1} [${Array.from({ length: 10 }, () => `*l${index}`).join(',')}]`,
    );
    expect(parseManifest(['l0: &l0 [x]', ...levels].join('\n'))).toHaveProperty('problems');
  });
});
