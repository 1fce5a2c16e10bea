import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServiceKey } from '@lanekeeper/nacos/instance';
import { readInstanceList } from '@lanekeeper/nacos/read-instance-list';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { normalizeService } from '../../../catalog/normalize-service.ts';
import { meshNameOf } from './convert-name.ts';
import { convertInstances } from './convert-instances.ts';
import { RULES } from './instances.fixture.ts';
import { ValuePool } from './value-pool.ts';

const FOLDER = new URL('../../../../testdata/nacos/', import.meta.url);
const SUFFIX = '.input.json';

/** What sidecars are told of a server's answer to `/v1/ns/instance/list`, and what people are told. */
function toldOf(name: string): string {
  const answer: unknown = JSON.parse(readFileSync(new URL(name + SUFFIX, FOLDER), 'utf8'));
  const list = readInstanceList(answer);
  if (list === undefined) throw new Error(`${name} is no answer of Nacos`);
  const { endpoints, findings } = convertInstances(list, RULES, new ValuePool());
  const service = normalizeService({
    ...{ name: meshNameOf(keyOf(answer)) ?? '', namespace: 'shop', hosts: [], addresses: [], endpoints },
    ports: [{ port: 80, protocol: 'auto' }],
  });
  return stringify(
    { ...service, findings: findings.map(({ code, message }) => `${code}: ${message}`) },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function keyOf(answer: unknown): ServiceKey {
  const grouped =
    typeof answer === 'object' && answer !== null && 'name' in answer ? String(answer.name) : '';
  const [group = '', ...name] = grouped.split('@@');
  return { group, name: name.join('@@') };
}

describe('answers of Nacos as services of the mesh (testdata/nacos)', () => {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));

  it.each(names)('%s', (name) => {
    const text = toldOf(name);
    const golden = new URL(`${name}.golden.yaml`, FOLDER);
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(golden, text);
    expect(text).toBe(existsSync(golden) ? readFileSync(golden, 'utf8') : 'no golden yet: UPDATE_GOLDENS=1');
  });
});
