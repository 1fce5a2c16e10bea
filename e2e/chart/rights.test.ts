import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HELMS, objectsIn, render } from './helm.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const [{ program }] = HELMS;
const SOURCES = ['self-signed', 'cert-manager', 'existing'] as const;
const REGISTRIES = 'nacos.registries=[{"name":"main","servers":["nacos:8848"]}]';
const manifests = SOURCES.map((source) =>
  render(program, '--set', `certificates.source=${source}`, '--set-json', REGISTRIES),
);
const withGateway = render(program, '--set', 'gateway.enabled=true');

/** The rules of a manifest as text: the comment above each, and the verbs it gives. */
function writtenRules(
  manifest: string,
): readonly { readonly comment: string; readonly verbs: readonly string[] }[] {
  return [...manifest.matchAll(/((?:^ +#.*\n)*)^ +- apiGroups: .*\n(?:^ {4}.*\n)*?^ +verbs: \[(.*)\]/gm)]
    .filter(([text]) => !text.includes('operations:'))
    .map(([, comment = '', verbs = '']) => ({ comment, verbs: verbs.split(', ') }));
}

function rulesOf(manifest: string): readonly (readonly [string, Rule])[] {
  return objectsIn(manifest)
    .filter(({ kind }) => /^(Cluster)?Role$/.test(kind))
    .flatMap(({ kind, metadata, rules }) =>
      (rules as Rule[]).map((rule) => [`${kind} ${metadata.name}`, rule] as const),
    );
}

/** Says what became of somebody else's object, and changes nothing of it. */
function isReport(resource: string): boolean {
  return resource === 'events' || resource.endsWith('/status');
}

const ofPrograms = manifests.flatMap(rulesOf).filter(([role]) => !role.includes('lane-'));

describe('the rights that the chart gives', () => {
  it('say for each verb of each rule what it is for', () => {
    for (const manifest of [...manifests, withGateway]) {
      const written = writtenRules(manifest);
      expect(written).toHaveLength(rulesOf(manifest).length);
      for (const { comment, verbs } of written) {
        for (const verb of verbs)
          expect(comment, `${verb} in:\n${comment}`).toMatch(new RegExp(`\\b${verb}\\b[^:.]*:`));
      }
    }
  });

  it('hold no wildcard', () => {
    for (const [, { apiGroups, resources, verbs }] of [...manifests, withGateway].flatMap(rulesOf))
      expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
  });

  it('let the programs create nothing but Events and token reviews, and delete nothing', () => {
    const creating = ofPrograms.filter(([, { verbs }]) => verbs.includes('create'));
    expect(new Set(creating.flatMap(([, { resources }]) => resources))).toEqual(
      new Set(['events', 'tokenreviews']),
    );
    expect(ofPrograms.filter(([, { verbs }]) => verbs.some((verb) => verb.startsWith('delete')))).toEqual([]);
  });

  it('let the programs change by name only, and read Secrets by name only', () => {
    const sensitive = ofPrograms.filter(
      ([, { resources, verbs }]) =>
        resources.includes('secrets') ||
        (verbs.some((verb) => /update|patch/.test(verb)) && !resources.every(isReport)),
    );
    expect(sensitive.length).toBeGreaterThan(4);
    for (const [role, { resources, resourceNames }] of sensitive) {
      expect(resourceNames, `${role}: ${resources.join()}`).toBeDefined();
      expect(resourceNames).not.toEqual([]);
    }
  });

  it('read Secrets of all namespaces, and make Services beside the gateway, only where there is a gateway', () => {
    const without = rulesOf(render(program));
    const more = rulesOf(withGateway).filter(
      ([, rule]) => !without.some(([, other]) => isDeepStrictEqual(rule, other)),
    );
    const changing = more.filter(([, { resources, verbs }]) =>
      verbs.some((verb) => !['get', 'list', 'watch'].includes(verb) && !resources[0]?.endsWith('/status')),
    );
    expect(changing).toEqual([
      [
        'Role lanekeeper-control-plane',
        { apiGroups: [''], resources: ['services'], verbs: ['create', 'patch', 'delete'] },
      ],
      [
        'Role lanekeeper-control-plane',
        {
          ...{ apiGroups: ['apps'], resources: ['deployments/scale'] },
          ...{ resourceNames: ['lanekeeper-gateway'], verbs: ['get', 'patch'] },
        },
      ],
      [
        'Role lanekeeper-control-plane',
        {
          ...{ apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
          ...{ resourceNames: ['lanekeeper-gateway'], verbs: ['get', 'patch'] },
        },
      ],
    ]);
    expect(more).toContainEqual([
      'ClusterRole lanekeeper-control-plane',
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] },
    ]);
  });

  it('let nobody write Secrets that somebody else signs', () => {
    const [, ...others] = manifests;
    const rules = others.flatMap(rulesOf).filter(([, { resources }]) => resources.includes('secrets'));
    expect(rules.length).toBeGreaterThan(0);
    for (const [, { verbs }] of rules) expect(verbs).toEqual(['get', 'list', 'watch']);
  });

  it('let people see lanes by the role view, and change them by edit, unless that is not wanted', () => {
    const labels = (manifest: string): readonly string[] =>
      [...manifest.matchAll(/aggregate-to-(\w+): 'true'/g)].map(([, role = '']) => role);
    expect(labels(manifests[0] ?? '')).toEqual(['view', 'edit']);
    expect(labels(render(program, '--set', 'rbac.aggregateToDefaultRoles=false'))).toEqual([]);
  });
});
