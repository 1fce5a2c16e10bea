import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeTokens } from '@lanekeeper/control-plane/publish/static-tokens/decode-tokens';
import { decodeRegistries } from '@lanekeeper/control-plane/source/nacos/settings/decode-registries';
import { decodeConfig } from '@lanekeeper/mesh-file/decode-config';
import { decodeObject, isMeshObjectKind } from '@lanekeeper/mesh-file/objects/decode-object';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { docBlocks, documentsOf, isObject, type DocBlock, type DocObject } from '../harness/doc-blocks.ts';

type Fields = Readonly<Record<string, unknown>>;

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const VALUES = parse(read('helm/lanekeeper/values.yaml')) as Fields;

/** Pages that an apply to a cluster has something of: guides that must not lose their examples unnoticed. */
const GUIDES = [
  ...[
    'quick-start',
    'lanes-as-objects',
    'colouring',
    'fallback',
    'gateway',
    'gateway-on-kubernetes',
    'their-edge',
  ],
  ...['migrate-from-ingress-nginx', 'migrate-from-mse', 'migrate-from-asm'],
];

/** What is shown of a whole: what an object says of itself, a pod template's labels, a line of an application's own settings. */
const PARTS = ['status', 'template', 'spring.cloud.nacos.discovery.metadata'];

/** What a document that is no object is, by its keys. */
const FORMS: readonly {
  readonly keys: readonly string[];
  readonly problems: (text: string) => readonly unknown[];
}[] = [
  { keys: ['registries'], problems: (text) => problemsOf(decodeRegistries(text)) },
  { keys: ['tokens'], problems: (text) => problemsOf(decodeTokens(whole(text))) },
  {
    keys: ['settings', 'services', 'groups', 'lanes', 'colouring', 'gateway'],
    problems: (text) => problemsOf(decodeConfig(text, { otherServices: 'elsewhere' })),
  },
  { keys: PARTS, problems: () => [] },
];

function problemsOf(decoded: object): readonly unknown[] {
  return 'problems' in decoded ? (decoded.problems as readonly unknown[]) : [];
}

/** A digest that is cut short on the page. */
function whole(text: string): string {
  return text.replace(/"[0-9a-f]+…"/, `"${'0'.repeat(64)}"`);
}

/** `gateway.service.port` where the chart's values have no such thing. */
function unknownValues(document: unknown, known: unknown, path = ''): readonly string[] {
  if (!isFields(document) || !isFields(known) || Object.keys(known).length === 0) return [];
  return Object.entries(document).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return Object.hasOwn(known, key) ? unknownValues(value, known[key], at) : [at];
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problemsOfSettings(text: string, document: Fields): readonly unknown[] {
  if (Object.keys(document).every((key) => Object.hasOwn(VALUES, key))) {
    const unknown = unknownValues(document, VALUES);
    if (unknown.length === 0) return [];
  }
  const form = FORMS.find(({ keys }) => Object.keys(document).every((key) => keys.includes(key)));
  return form?.problems(text) ?? [`nobody reads ${Object.keys(document).join(', ')}`];
}

function problemsOfObject(object: DocObject): readonly unknown[] {
  if (isMeshObjectKind(object.apiVersion, object.kind)) return problemsOf(decodeObject(object));
  const { apiVersion, kind, metadata } = object;
  expect({ apiVersion, kind, metadata }).toMatchObject({
    apiVersion: expect.stringMatching(/^([a-z0-9.-]+\/)?v\d+((alpha|beta)\d+)?$/) as string,
    kind: expect.stringMatching(/^[A-Z][A-Za-z]+$/) as string,
    metadata: { name: expect.stringMatching(/^[a-z0-9][a-z0-9.-]*$/) as string },
  });
  return apiVersion.startsWith('lanekeeper.io/') ? [`there is no kind ${kind} of ours`] : [];
}

/** That for docker compose has tests of its own: without-kubernetes-files. */
const blocks = docBlocks().filter(({ place }) => !place.endsWith('/compose.yaml'));

describe('the YAML of the documentation', () => {
  it('is there in every guide', () => {
    for (const guide of GUIDES)
      expect(blocks.map(({ place }) => place.split(':')[0])).toContain(`docs/${guide}.md`);
  });

  it.each(blocks.map((block) => [block.place, block] as const))(
    'is read by us as it is shown: %s',
    (_, block) => {
      expect(problemsIn(block)).toEqual([]);
    },
  );

  it('is found wrong where it is wrong', () => {
    const wrong = (text: string): number => problemsIn({ place: 'here', text }).length;
    expect(
      wrong('kind: Lane\napiVersion: lanekeeper.io/v1alpha1\nmetadata: {name: gray, namespace: a}\nspec: {}'),
    ).toBe(1);
    expect(wrong('gateway: {enabeld: true}')).toBeGreaterThan(0);
    expect(wrong('lane: []')).toBe(1);
    expect(wrong('lanes: [{name: gray}]')).toBeGreaterThan(0);
  });
});

function problemsIn(block: DocBlock): readonly unknown[] {
  const documents = documentsOf(block);
  const objects = documents.filter(isObject);
  const others = documents.filter((document) => !isObject(document));
  // Beside objects stands the plain form of a mesh file, which is read as a whole.
  const settings = others.flatMap((document) => problemsOfSettings(block.text, document));
  return [...objects.flatMap(problemsOfObject), ...settings];
}
