import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declare } from '@lanekeeper/control-plane/source/kubernetes/lanes/declared-object';
import { documentOf } from '@lanekeeper/control-plane/source/kubernetes/lanes/declared.fixture';
import { groupStatus, laneStatus } from '@lanekeeper/control-plane/source/kubernetes/lanes/object-status';
import { LANES } from '@lanekeeper/control-plane/source/kubernetes/lanes/resources';
import { decodeObject } from '@lanekeeper/mesh-file/objects/decode-object';
import { LIMITS } from '@lanekeeper/mesh-file/objects/limits';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../cluster/layout.ts';
import { HELMS, objectsIn, render } from './helm.ts';
import { refusalsOf, schemasIn, type Schema } from './open-api.ts';

interface Definition {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly names: {
      readonly kind: string;
      readonly shortNames?: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly [
      {
        readonly subresources: object;
        readonly additionalPrinterColumns: readonly { readonly name: string; readonly jsonPath: string }[];
        readonly schema: { readonly openAPIV3Schema: Schema };
      },
    ];
  };
}

interface Written {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Refused {
  readonly name: string;
  readonly schema: 'refuses' | 'cel' | 'accepts';
  readonly object: Written;
}

const [{ program }] = HELMS;
const TESTDATA = join(ROOT, 'mesh-file', 'src', 'objects', 'testdata');

function definitionsIn(...options: readonly string[]): readonly Definition[] {
  const found = objectsIn(render(program, ...options)).filter(
    ({ kind }) => kind === 'CustomResourceDefinition',
  );
  return found as unknown as readonly Definition[];
}

function documentsOf<T>(file: string): readonly T[] {
  return parseAllDocuments(readFileSync(join(TESTDATA, file), 'utf8')).map(
    (document) => document.toJS() as T,
  );
}

const definitions = definitionsIn('--set', 'crds.openSergo=true');

function schemaOf(kind: string): Schema {
  const found = definitions.find(({ spec }) => spec.names.kind === kind);
  if (found === undefined) throw new Error(`no definition of ${kind} was rendered`);
  return found.spec.versions[0].schema.openAPIV3Schema;
}

const accepted = documentsOf<Written>('accepted-objects.yaml');
const refused = documentsOf<Refused>('refused-objects.yaml');

describe('the schemas of the custom resources', () => {
  it.each(accepted.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    'accept what the decoder accepts: %s',
    (_, object) => {
      expect(decodeObject(object)).toHaveProperty('object');
      expect(refusalsOf(schemaOf(object.kind), object)).toEqual([]);
    },
  );

  it.each(refused.map((each) => [each.name, each] as const))(
    'refuse nothing that the decoder accepts: %s',
    (_, each) => {
      expect(decodeObject(each.object)).toHaveProperty('problems');
      const refusals = refusalsOf(schemaOf(each.object.kind), each.object);
      if (each.schema === 'refuses') expect(refusals).not.toEqual([]);
      else expect(refusals).toEqual([]);
    },
  );

  it('have a rule with a message for each thing that only a rule can tell', () => {
    const kinds = new Set(refused.filter(({ schema }) => schema === 'cel').map(({ object }) => object.kind));
    for (const kind of kinds) {
      const rules = [...schemasIn(schemaOf(kind))].flatMap(
        ([, schema]) => schema['x-kubernetes-validations'] ?? [],
      );
      expect(rules.length).toBeGreaterThan(0);
      for (const { message } of rules) expect(message).not.toBe('');
    }
  });

  it('hold as much as the decoder takes, so that rules stay cheap', () => {
    const at = (kind: string, path: string): Schema => {
      const found = [...schemasIn(schemaOf(kind))].find(([each]) => each === `.spec.${path}`);
      return found?.[1] ?? {};
    };
    expect({
      members: at('LaneGroup', 'services').maxItems,
      lanesOfChain: at('Lane', 'fallback').maxItems,
      serviceFallbacks: at('Lane', 'serviceFallback').maxProperties,
      rules: at('Lane', 'match').maxItems,
      entries: at('Lane', 'entries').maxItems,
      conditionItems: at('Lane', 'match[].hosts').maxItems,
      listedValues: at('Lane', 'match[].headers.*.in').maxItems,
      networks: at('GatewayConfig', 'trustedProxies').maxItems,
      labels: at('Lane', 'selector').maxProperties,
    }).toEqual(LIMITS);
    for (const field of ['hosts', 'paths', 'methods', 'regions', 'sourceCidrs'])
      expect([field, at('Lane', `match[].${field}`).maxItems]).toEqual([field, LIMITS.conditionItems]);
  });

  it('know each field by a type, and say of fields that are not plain what they are for', () => {
    for (const { spec } of definitions) {
      for (const [path, schema] of schemasIn(schemaOf(spec.names.kind))) {
        const isAny = schema['x-kubernetes-preserve-unknown-fields'] === true;
        expect([spec.names.kind, path, schema.type ?? isAny]).not.toContain(false);
      }
    }
  });
});

describe('the statuses that the control plane writes', () => {
  const finding = {
    code: 'LK0107',
    severity: 'warning',
    object: 'Lane shop/gray',
    path: '',
    message: 'm',
    fix: 'f',
  } as const;
  const good = declare(LANES, documentOf(LANES, 'gray', { group: 'demo' }, { generation: 5 }), undefined);
  const invalid = declare(LANES, documentOf(LANES, 'gray', { group: 7 }, { generation: 6 }), good);
  const judged = { declared: invalid, verdict: undefined, warnings: [finding], isOverruled: false };
  const members = [
    { service: 'shop/a', isUnknown: false, pods: 2, injected: 1, lanes: new Map([['gray', 1]]) },
  ];
  const acknowledged = { acknowledged: 1, of: 2, state: 'waiting', reason: 'r' } as const;

  it('are known to the schema of a Lane', () => {
    const status = laneStatus({ ...judged, members, acknowledged, hasExpired: false });
    expect(status).toMatchObject({ acknowledged: '1/2', inForce: { generation: 5 } });
    expect(unknownIn('Lane', status)).toEqual([]);
  });

  it('are known to the schema of a LaneGroup', () => {
    const lanes = [{ name: 'gray', isReady: true, acknowledged }];
    const status = groupStatus({ ...judged, members, lanes });
    expect(status).toMatchObject({ lanes: [{ name: 'gray' }], members: [{ service: 'shop/a' }] });
    expect(unknownIn('LaneGroup', status)).toEqual([]);
  });
});

/** As the API server gets it: JSON, with the time that each condition has changed. */
function unknownIn(kind: string, status: object): readonly string[] {
  const sent = JSON.parse(JSON.stringify(status)) as { readonly conditions: readonly object[] };
  const conditions = sent.conditions.map((each) => ({ ...each, lastTransitionTime: '2026-01-01T00:00:00Z' }));
  return refusalsOf(schemaOf(kind).properties?.['status'] ?? {}, { ...sent, conditions });
}

describe('the custom resources', () => {
  it('have what kubectl shows', () => {
    const columns = (kind: string): readonly string[] | undefined =>
      definitions
        .find(({ spec }) => spec.names.kind === kind)
        ?.spec.versions[0].additionalPrinterColumns.map(({ name }) => name);
    expect(columns('Lane')).toEqual([
      'Group',
      'Priority',
      'Endpoints',
      'Acknowledged',
      'Ready',
      'Reason',
      'Age',
    ]);
    expect(definitions.flatMap(({ spec }) => spec.names.shortNames ?? []).sort()).toEqual([
      'gwc',
      'lg',
      'ln',
    ]);
    for (const { spec } of definitions) {
      expect(spec.names.categories).toEqual(['lanekeeper']);
      expect(spec.versions[0].subresources).toEqual({ status: {} });
    }
  });

  it('stay when the release goes, unless that is not wanted', () => {
    const policies = (...options: readonly string[]): ReadonlySet<string | undefined> =>
      new Set(
        definitionsIn(...options).map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy']),
      );
    expect(policies()).toEqual(new Set(['keep']));
    expect(policies('--set', 'crds.keep=false')).toEqual(new Set([undefined]));
  });

  it('are ours alone, unless those of OpenSergo are asked for', () => {
    expect(
      definitionsIn()
        .map(({ spec }) => spec.names.kind)
        .sort(),
    ).toEqual(['GatewayConfig', 'Lane', 'LaneGroup']);
    expect(definitionsIn('--set', 'crds.enabled=false', '--set', 'crds.openSergo=true')).toEqual([]);
    expect(definitions).toHaveLength(5);
  });
});
