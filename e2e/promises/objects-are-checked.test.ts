import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../cluster/layout.ts';
import { eventually } from './harness/eventually.ts';
import { tryKubectl, type KubeObject } from './harness/kubectl.ts';
import { useSpace } from './harness/space.ts';

interface Refused {
  readonly name: string;
  readonly problems: readonly string[];
  readonly schema: 'refuses' | 'cel' | 'accepts';
  readonly object: KubeObject;
}

/** Those of OpenSergo are not known to every cluster. */
const OURS = 'lanekeeper.io/v1alpha1';

function documentsOf<T>(file: string): readonly T[] {
  const text = readFileSync(join(ROOT, 'mesh-file', 'src', 'objects', 'testdata', file), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as T);
}

const accepted = documentsOf<KubeObject>('accepted-objects.yaml').filter(
  ({ apiVersion }) => apiVersion === OURS,
);
const refused = documentsOf<Refused>('refused-objects.yaml').filter(
  ({ object }) => object.apiVersion === OURS,
);

describe('lanes, groups and settings of gateways as people apply them', () => {
  const space = useSpace('objects', 'none');

  async function tryApply(
    object: KubeObject,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const placed = { ...object, metadata: { ...object.metadata, namespace: 'shop' } };
    const input = JSON.stringify(placed).replaceAll('"shop"', JSON.stringify(space.name));
    return tryKubectl(['apply', '--dry-run=server', '--filename=-'], { input });
  }

  it.each(accepted.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    'are taken where they are right: %s',
    async (_, object) => {
      const { code, output } = await tryApply(object);
      expect({ code, output }).toMatchObject({ code: 0 });
    },
  );

  it.each(refused.map((each) => [each.name, each] as const))(
    'are refused where they are wrong: %s',
    async (_, each) => {
      const { code, output } = await tryApply(each.object);
      expect({ code, output }).toMatchObject({ code: 1 });
      // What the schema lets through, the webhook refuses with all of it at once.
      if (each.schema !== 'accepts') return;
      for (const problem of each.problems)
        expect(output).toContain(problem.replace('service shop/a', `service ${space.name}/a`));
    },
  );

  it('come with a warning where they are right and may not be meant', async () => {
    const spec = { group: 'demo', entries: ['a'], match: [{ percent: 5 }] };
    const { code, output } = await tryApply({
      apiVersion: OURS,
      kind: 'Lane',
      metadata: { name: 'gray' },
      spec,
    });
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('Warning: LK0110 spec.match[0].key') as unknown,
    });
  });

  it('are shown by kubectl with what they are about', async () => {
    const metadata = { name: 'gray' };
    await space.apply({ apiVersion: OURS, kind: 'Lane', metadata, spec: { group: 'demo', priority: 7 } });
    await eventually(async () => {
      const table = await space.kubectl('get', 'ln');
      expect(table).toMatch(/^NAME +GROUP +PRIORITY +ENDPOINTS +ACKNOWLEDGED +READY +AGE\n/);
      // Its group is not there, which its status says.
      expect(table).toMatch(/^gray +demo +7 .*False +\w+\n$/m);
    });
    await space.kubectl('delete', 'lane', 'gray', '--wait');
  });
});
