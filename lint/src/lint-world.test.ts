import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { describe, expect, it } from 'vitest';
import { FINDING_CODES } from './codes.ts';
import type { Finding } from './finding.ts';
import { lintWorld } from './lint-world.ts';
import { readWorld } from './read/read-world.ts';

const TESTDATA = new URL('./testdata/', import.meta.url);
const PAGES = new URL('../../docs/lint/', import.meta.url);
const files = readdirSync(TESTDATA);

/** They need a cluster, an Ingress or a registry to be seen: `lanectl` tests them. */
const FOUND_ELSEWHERE = ['LK0116', 'LK0117', 'LK0118', 'LK0119', 'LK0121', 'LK0122', 'LK0123'];
/** Their pages say so. */
const NOT_REPORTED = ['LK0120'];

function documentsIn(file: string): readonly unknown[] {
  const parsed = parseManifest(readFileSync(new URL(file, TESTDATA), 'utf8'));
  if ('problems' in parsed) throw new Error(`${file}: ${JSON.stringify(parsed.problems)}`);
  return parsed.documents;
}

function findingsIn(documents: readonly unknown[], nativeSidecars = true): readonly Finding[] {
  const { world, findings } = readWorld(documents, { extent: 'part', nativeSidecars });
  return [...findings, ...lintWorld(world)];
}

const MANIFESTS = files.filter((file) => /^LK\d{4}\.yaml$/.test(file));

describe('each finding', () => {
  it.each(MANIFESTS)('is found, alone, in %s, with its place, a sentence and what to do', async (file) => {
    const findings = findingsIn(documentsIn(file), file !== 'LK0115.yaml');
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set([file.slice(0, 6)]));
    const text = findings.map(
      ({ severity, object, path, message, fix }) => `${severity} ${object} ${path}\n${message}\n${fix}\n`,
    );
    await expect(text.join('\n')).toMatchFileSnapshot(`./testdata/${file.slice(0, 6)}.golden.txt`);
    for (const { message, fix } of findings) {
      expect(message).not.toMatch(/\.$/);
      expect(fix).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('has a fixture, unless it is found elsewhere', () => {
    const found = new Set([
      ...MANIFESTS.map((file) => file.slice(0, 6)),
      ...FOUND_ELSEWHERE,
      ...NOT_REPORTED,
    ]);
    expect([...found].sort()).toEqual(Object.keys(FINDING_CODES).sort());
  });

  it.each(Object.entries(FINDING_CODES))('has a page: %s %s', (code, name) => {
    const page = new URL(`${code}.md`, PAGES);
    expect(existsSync(page)).toBe(true);
    const text = readFileSync(page, 'utf8');
    expect(text.startsWith(`# ${code} ${name}\n`)).toBe(true);
    const golden = new URL(`${code}.golden.txt`, TESTDATA);
    if (existsSync(golden)) expect(text).toContain(readFileSync(golden, 'utf8').split('\n')[1]);
    expect(text.includes('Nothing reports it yet')).toBe(NOT_REPORTED.includes(code));
    for (const part of ['## Why it matters', '## What to do']) expect(text).toContain(`\n${part}\n`);
    expect(readFileSync(new URL('README.md', PAGES), 'utf8')).toContain(`[${code}](${code}.md)`);
  });

  it('is not reported where an object says that it is meant', () => {
    for (const file of MANIFESTS.filter((each) => !['LK0100.yaml', 'LK0111.yaml'].includes(each))) {
      const code = file.slice(0, 6);
      const documents = documentsIn(file).map((document) => ignoring(document, `LK0999, ${code}`));
      expect([code, findingsIn(documents, code !== 'LK0115')]).toEqual([code, []]);
    }
  });
});

function ignoring(document: unknown, codes: string): unknown {
  const { metadata, ...rest } = document as { metadata: { annotations?: object } };
  const annotations = { ...metadata.annotations, 'lanekeeper.io/ignore': codes };
  const before = metadata.annotations !== undefined && 'lanekeeper.io/ignore' in metadata.annotations;
  return {
    ...rest,
    metadata: {
      ...metadata,
      annotations: before ? { 'lanekeeper.io/ignore': `LK0103 ${codes}` } : annotations,
    },
  };
}

describe('a healthy mesh', () => {
  it.each(files.filter((file) => file.startsWith('healthy')))('has no finding: %s', (file) => {
    expect(findingsIn(documentsIn(file))).toEqual([]);
  });

  it('has no finding where only a part of it is looked at', () => {
    const documents = documentsIn('healthy.yaml');
    const objects = documents.filter((document) =>
      /lanekeeper/.test((document as { apiVersion: string }).apiVersion),
    );
    expect(findingsIn(objects)).toEqual([]);
  });
});

describe('a whole cluster', () => {
  it('misses the pods of a member that has none, and the service of one that is nowhere', () => {
    const documents = documentsIn('healthy.yaml').filter(
      (document) => (document as { kind: string }).kind !== 'DaemonSet',
    );
    const { world } = readWorld(documents, { extent: 'all' });
    expect(lintWorld(world)).toMatchObject([
      {
        code: 'LK0101',
        object: 'LaneGroup shop/demo',
        path: 'spec.services[2]',
        message: 'service shop/stock has no pods',
      },
    ]);
  });
});

describe('a mesh of 1,000 objects', () => {
  it('is looked at whole', () => {
    const documents = largeMesh(100, 5);
    expect(documents.length).toBeGreaterThan(1_000);
    expect(findingsIn(documents)).toEqual([]);
  });
});

/** `count` services, each with a Deployment of the baseline and one in each lane. */
function largeMesh(count: number, lanes: number): readonly object[] {
  const names = Array.from({ length: lanes }, (_, index) => `lane-${index}`);
  const metadata = (name: string): object => ({ name, namespace: 'shop' });
  const services = Array.from({ length: count }, (_, index) => `service-${index}`);
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'lanekeeper.io/injection': 'enabled' } },
    },
    {
      apiVersion: 'lanekeeper.io/v1alpha1',
      kind: 'LaneGroup',
      metadata: metadata('demo'),
      spec: { services: services.map((name) => ({ name })) },
    },
    ...names.map((name, index) => {
      const match = Array.from({ length: 100 }, (_, rule) => ({
        headers: { 'x-user': { exact: `${name}-${rule}` } },
      }));
      return {
        apiVersion: 'lanekeeper.io/v1alpha1',
        kind: 'Lane',
        metadata: metadata(name),
        spec: { group: 'demo', priority: index, match },
      };
    }),
    ...services.flatMap((app) => [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata(app),
        spec: { selector: { app }, ports: [{ port: 80 }] },
      },
      ...['base', ...names].flatMap((lane) => deploymentsOf(app, lane)),
      ...[0, 1, 2].map((index) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: metadata(`${app}-${index}`),
      })),
    ]),
  ];
}

function deploymentsOf(app: string, lane: string): readonly object[] {
  const annotations = lane === 'base' ? {} : { 'lanekeeper.io/lane': lane };
  const template = { metadata: { labels: { app } }, spec: { containers: [{ name: 'app', image: 'x' }] } };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${app}-${lane}`, namespace: 'shop', annotations },
      spec: { template },
    },
  ];
}
