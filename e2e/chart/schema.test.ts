import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHART, HELMS, tryRender } from './helm.ts';

interface Schema {
  readonly type?: string;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
}

/** Kubernetes' own to describe, and a parent chart's to fill. */
const OPEN = [
  '/global',
  '/pods/affinity/nodeAffinity',
  '/pods/affinity/podAffinity',
  '/pods/affinity/podAntiAffinity',
];

const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
const valuesText = readFileSync(join(CHART, 'values.yaml'), 'utf8');

/** Every object of the schema, by its path. */
function objectsOf(node: Schema, path: string): readonly (readonly [string, Schema])[] {
  const below = [
    ...Object.entries(node.properties ?? {}).map(([key, each]) => [`${path}/${key}`, each] as const),
    ...Object.entries(node.definitions ?? {}).map(([key, each]) => [`${path}#${key}`, each] as const),
    ...(node.items === undefined ? [] : [[`${path}/*`, node.items] as const]),
  ].flatMap(([at, each]) => objectsOf(each, at));
  return node.type === 'object' ? [[path, node], ...below] : below;
}

function resolved(node: Schema): Schema {
  if (node.$ref === undefined) return node;
  const name = node.$ref.replace('#/definitions/', '');
  const found = schema.definitions?.[name];
  if (found === undefined) throw new Error(`${node.$ref} is not in the schema`);
  return found;
}

function undescribed(values: unknown, node: Schema, path = ''): readonly string[] {
  const { properties, additionalProperties } = resolved(node);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return [];
  return Object.entries(values).flatMap(([key, value]) => {
    const below = properties?.[key];
    if (below !== undefined) return undescribed(value, below, `${path}/${key}`);
    return typeof additionalProperties === 'object' ? [] : [`${path}/${key}`];
  });
}

describe('the schema of the values', () => {
  it('is closed everywhere, but for what is not ours to describe', () => {
    const open = objectsOf(schema, '').filter(
      ([, { additionalProperties }]) => additionalProperties === undefined,
    );
    expect(open.map(([path]) => path)).toEqual(OPEN);
  });

  it('knows every value that values.yaml has', () => {
    expect(undescribed(parse(valuesText), schema)).toEqual([]);
  });

  it('leaves values.yaml short enough to be read', () => {
    expect(valuesText.split('\n').length).toBeLessThanOrEqual(150);
  });
});

/** What a user may get wrong, and what of the message helps. */
const MISTAKES = [
  ['injector.replica=3', "at '/injector': additional properties 'replica' not allowed"],
  ['sidecars.resources=1', "at '': additional properties 'sidecars' not allowed"],
  ['injector.replicas=0', "at '/injector/replicas': minimum: got 0, want 1"],
  ['injector.replicas=two', "at '/injector/replicas': got string, want integer"],
  [
    'injector.logLevel=verbose',
    "at '/injector/logLevel': value must be one of 'error', 'warn', 'info', 'debug'",
  ],
  [
    'injector.webhook.failurePolicy=fail',
    "at '/injector/webhook/failurePolicy': value must be one of 'Ignore', 'Fail'",
  ],
  ['injector.webhook.timeoutSeconds=2', "at '/injector/webhook/timeoutSeconds': minimum: got 2, want 4"],
  [
    'image.pullPolicy=never',
    "at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'",
  ],
  ['image.digests.sidecar=sha256:12', "at '/image/digests/sidecar': 'sha256:12' does not match pattern"],
  [
    'controlPlane.resources.limits.memory=1GB',
    "at '/controlPlane/resources/limits/memory': '1GB' does not match pattern",
  ],
  ['sidecar.resources.limits.memory=', "at '/sidecar/resources/limits/memory': '' does not match pattern"],
  [
    'certificates.source=selfsigned',
    "at '/certificates/source': value must be one of 'self-signed', 'cert-manager', 'existing'",
  ],
  [
    'certificates.certManager.duration=90d',
    "at '/certificates/certManager/duration': '90d' does not match pattern",
  ],
  ['pods.nodeSelector.ssd=true', "at '/pods/nodeSelector/ssd': got boolean, want string"],
  ['pods.tolerations[0].effect=NoRun', "at '/pods/tolerations/0/effect': value must be one of"],
  ['nacos.registries[0].servers[0]=nacos:8848', "at '/nacos/registries/0': missing property 'name'"],
  ['nacos.registries[0].name=main', "at '/nacos/registries/0': missing property 'servers'"],
  ['nacos.registries[0].password=secret', "additional properties 'password' not allowed"],
  ['nacos.registries[0].username=lanekeeper', "properties 'passwordSecret' required, if 'username' exists"],
  ['nacos.registries[0].servers[0]=http://nacos:8848', "'http://nacos:8848' does not match pattern"],
  ['networkPolicy.enabled=yes', "at '/networkPolicy/enabled': got string, want boolean"],
] as const;

describe.each(HELMS)('a mistake in the values with $name', ({ program }) => {
  it.each(MISTAKES)('%s is refused: %s', (assignment, message) => {
    const { code, output } = tryRender(program, '--set', assignment);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(message) as unknown });
  });

  it('is a name that two registries of Nacos have', () => {
    const registry = '{"name":"main","servers":["nacos:8848"]}';
    const { code, output } = tryRender(program, '--set-json', `nacos.registries=[${registry},${registry}]`);
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining('nacos.registries: main names two of them') as unknown,
    });
  });

  it('is not what a parent chart shares with all its charts', () => {
    expect(tryRender(program, '--set', 'global.imageRegistry=registry.example').code).toBe(0);
  });
});
