import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isMeshObjectKind, decodeObject } from '@lanekeeper/mesh-file/objects/decode-object';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { writeYaml } from '@lanekeeper/mesh-file/write-yaml';
import { describe, expect, it } from 'vitest';
import { convertIngresses, type Converted, type ConvertOptions } from './convert-ingresses.ts';
import { percentBehind } from './canary-rules.ts';
import { laneName } from './lane-name.ts';

const FOLDER = new URL('testdata/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

function convert(file: string, options: Partial<ConvertOptions> = {}): Converted {
  const parsed = parseManifest(readFileSync(new URL(file, FOLDER), 'utf8'));
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return convertIngresses(parsed.documents, { gateway: undefined, key: undefined, ...options });
}

/** Objects, and what is said beside them. UPDATE_GOLDENS=1 writes what they should be. */
function textOf({ objects, notes }: Converted): string {
  const told = notes.map(({ object, message }) => `# ${object}: ${message}\n`).join('');
  return `${told}${objects.map(writeYaml).join('---\n')}`;
}

it.each(FILES)('%s is converted as its golden says', (file) => {
  const golden = new URL(file.replace('.yaml', '.golden.txt'), FOLDER);
  const text = textOf(convert(file));
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
});

it.each(FILES)('the lanes and groups of %s are accepted by the decoders of the cluster', (file) => {
  const ours = convert(file).objects.filter(({ apiVersion, kind }) => isMeshObjectKind(apiVersion, kind));
  expect(ours.map((object) => decodeObject(object)).filter((decoded) => 'problems' in decoded)).toEqual([]);
});

it('routes are for the Gateway that is named, which then is not written, and what it needs is said', () => {
  const { objects, notes } = convert('canary.yaml', { gateway: 'edge/main' });
  expect(objects.map(({ kind }) => kind)).toEqual(['HTTPRoute', 'LaneGroup', 'Lane']);
  expect(objects[0]).toMatchObject({ spec: { parentRefs: [{ namespace: 'edge', name: 'main' }] } });
  expect(notes.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('the Gateway edge/main needs an HTTPS listener for www.example.com'),
  );
});

it('shares are drawn by the key that is named, before an affinity cookie', () => {
  const lane = convert('canary.yaml', { key: { header: 'x-user-id' } }).objects.at(-1);
  expect(lane).toMatchObject({ spec: { match: [{}, { percent: 5, key: { header: 'x-user-id' } }] } });
});

it('an Ingress that keeps people out does not become a route that lets them in', () => {
  const hosts = convert('annotations.yaml').objects.map(({ spec }) => JSON.stringify(spec));
  expect(hosts.filter((spec) => /(inside|members)\.example\.com/.test(spec))).toEqual([]);
});

it('files without an Ingress give nothing', () => {
  expect(convertIngresses([null, 'x', { kind: 'Ingress' }], { gateway: undefined, key: undefined })).toEqual({
    objects: [],
    notes: [],
  });
});

it('splits an Ingress with more rules than a route may have', () => {
  const backend = { service: { name: 'a', port: { number: 80 } } };
  const paths = Array.from({ length: 20 }, (_, index) => ({
    path: `/${index}`,
    pathType: 'Prefix',
    backend,
  }));
  const ingress = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'a' } },
    spec: { rules: [{ host: 'a.example.com', http: { paths } }] },
  };
  const list = { kind: 'List', items: [ingress] };
  const routes = convertIngresses([list], { gateway: 'edge', key: undefined }).objects;
  expect(routes.map(({ metadata }) => metadata)).toMatchObject([{ name: 'a' }, { name: 'a-2' }]);
  expect(routes.map(({ spec }) => (spec as { rules: readonly unknown[] }).rules.length)).toEqual([16, 4]);
});

describe('the lane of a canary is called', () => {
  const names = { ingress: 'a-x', mainIngress: 'a', service: 'a-gray', mainService: 'a', subset: undefined };
  const known = (selector: Readonly<Record<string, string>>) => ({
    selector,
    ports: new Map<string, number>(),
  });
  it.each([
    ['as its annotation says', { ...names, subset: 'blue', known: undefined }, 'blue'],
    ['as its pods are labelled', { ...names, known: known({ 'lanekeeper.io/lane': 'red' }) }, 'red'],
    ['as MSE labels them', { ...names, known: known({ 'alicloud.service.tag': 'red' }) }, 'red'],
    ['by what its Service has more', { ...names, known: undefined }, 'gray'],
    ['… in front', { ...names, service: 'gray-a', known: undefined }, 'gray'],
    ['by what its Ingress has more', { ...names, service: 'a', known: undefined }, 'x'],
    ['never base', { ...names, service: 'a-base', known: undefined }, 'x'],
    ['by its Service', { ...names, ingress: 'other', service: 'b', known: undefined }, 'b'],
  ])('%s', (_, canary, expected) => {
    expect(laneName(canary)).toBe(expected);
  });
});

it('shares of lanes that are drawn one after the other add up to those of one draw', () => {
  for (const [first, second] of [
    [0.1, 0.09],
    [0.5, 0.5],
    [0.2, 0],
  ] as const) {
    const of = percentBehind(second, first) / 100;
    expect((1 - first) * of).toBeCloseTo(second, 4);
  }
  expect(percentBehind(0.3, 1)).toBe(0);
});
