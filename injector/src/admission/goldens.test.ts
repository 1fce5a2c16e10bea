import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { isObject, objectAt, type JsonObject } from '../pod/json.ts';
import { contextOf, requestOf, type Cluster } from '../testing/admission.ts';
import { applied } from '../testing/apply-patch.ts';
import { review } from './review.ts';

const FOLDER = new URL('../../testdata/', import.meta.url);
const SUFFIX = '.input.yaml';

/** Where the cluster is not the usual one. */
const CLUSTERS: Readonly<Record<string, Cluster>> = {
  'without-native-sidecars-the-rules-come-last-and-the-sidecar-holds-the-application': {
    nativeSidecars: false,
  },
  'what-is-added-keeps-to-the-limits-of-the-namespace': {
    limitRange: {
      spec: {
        limits: [
          {
            type: 'Container',
            min: { cpu: '100m' },
            max: { memory: '200Mi' },
            default: { cpu: '500m', memory: '200Mi' },
            maxLimitRequestRatio: { memory: '1.5' },
          },
        ],
      },
    },
  },
  'pods-with-ipv6-are-intercepted-and-served-on-it': { ipv6: true },
  'probes-are-asked-through-the-status-port': { probes: 'rewrite' },
  'the-manifests-of-seed-001-are-injected-unchanged': {
    namespace: { labels: { msePilotAutoEnable: 'on' }, annotations: {} },
  },
};

/** What the cluster would run of a document: of a seed's Deployment the pod that its template makes. */
function objectsOf(name: string): readonly JsonObject[] {
  const text = readFileSync(new URL(name + SUFFIX, FOLDER), 'utf8');
  return parseAllDocuments(text).map((document) => {
    const object: unknown = document.toJS();
    if (!isObject(object)) throw new TypeError(`${name} holds something that is no object`);
    return name.includes('seed') ? podOfTemplate(object) : object;
  });
}

function podOfTemplate(workload: JsonObject): JsonObject {
  const template = objectAt(objectAt(workload['spec'], 'spec')['template'], 'template');
  return { apiVersion: 'v1', kind: 'Pod', ...template };
}

async function admitted(object: JsonObject, cluster: Cluster | undefined): Promise<unknown> {
  const kind = String(object['kind']);
  const request = requestOf(object, { kind, group: kind === 'Pod' ? '' : 'apps', operation: 'CREATE' });
  const { operations } = await review(request, contextOf(cluster));
  return applied(object, operations);
}

describe('objects as they are admitted (testdata)', () => {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));

  it.each(names)('%s', async (name) => {
    const results = await Promise.all(objectsOf(name).map((object) => admitted(object, CLUSTERS[name])));
    const text = results
      .map((result) => stringify(result, { lineWidth: 0, aliasDuplicateObjects: false }))
      .join('---\n');
    const golden = new URL(`${name}.golden.yaml`, FOLDER);
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(golden, text);
    expect(text).toBe(existsSync(golden) ? readFileSync(golden, 'utf8') : 'no golden yet: UPDATE_GOLDENS=1');
  });

  it.each(names)('%s, and admitting it again changes nothing', async (name) => {
    for (const object of objectsOf(name)) {
      const once = (await admitted(object, CLUSTERS[name])) as JsonObject;
      expect(await admitted(once, CLUSTERS[name])).toEqual(once);
    }
  });
});
