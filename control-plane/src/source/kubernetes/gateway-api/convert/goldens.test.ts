import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { EdgeConfig, EdgeListener } from '@lanekeeper/protocol/edge';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { convertGatewayApi } from './convert-gateway-api.ts';
import { GatewayApiObjects } from './gateway-api.fixture.ts';
import { DEFAULT_POLICY } from './gateway-states.ts';
import type { WantedStatus } from './wanted-status.ts';

const FOLDER = new URL('../../../../../testdata/gateway-api/', import.meta.url);
const SUFFIX = '.input.yaml';

/** What gateways are told of the objects, and what the objects' statuses say. */
function toldOf(name: string): string {
  const objects = new GatewayApiObjects().put(readFileSync(new URL(name + SUFFIX, FOLDER), 'utf8'));
  const { edge, statuses, secrets } = convertGatewayApi(objects.view());
  const told = {
    edge: edge.listeners.map(shortListener),
    ...namesOf(edge, secrets),
    statuses: Object.fromEntries(
      statuses.filter(({ resource }) => resource.kind !== 'GatewayClass').map(shortStatus),
    ),
  };
  return stringify(told, { lineWidth: 0, aliasDuplicateObjects: false });
}

function namesOf({ certificates }: EdgeConfig, secrets: ReadonlySet<string>): object {
  if (secrets.size === 0) return {};
  return { certificates: Object.keys(certificates), secrets: [...secrets].sort() };
}

function shortListener({ policy, ...listener }: EdgeListener): object {
  expect(policy).toEqual(DEFAULT_POLICY);
  return listener;
}

function shortStatus({ resource, object, status }: WantedStatus): readonly [string, unknown] {
  const { namespace, name, generation } = object.meta;
  return [`${resource.kind} ${namespace}/${name}`, short(status, generation)];
}

/** A condition as a line; all say that they have seen the object as it is. */
function short(value: unknown, generation: number): unknown {
  if (Array.isArray(value)) return value.map((item) => short(item, generation));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) =>
      name === 'conditions' ? [name, shortConditions(part, generation)] : [name, short(part, generation)],
    ),
  );
}

function shortConditions(conditions: unknown, generation: number): unknown {
  const lines = (conditions as readonly unknown[]).map((one) => {
    const { type, status, reason, message, observedGeneration } = fieldsOf(one);
    expect(observedGeneration).toBe(generation);
    return [type, `${String(status)} ${String(reason)}: ${String(message)}`];
  });
  return Object.fromEntries(lines) as unknown;
}

describe('Gateway API objects as what gateways serve (testdata/gateway-api)', () => {
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
