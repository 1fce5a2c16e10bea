import { readFile } from 'node:fs/promises';
import { ConfigError } from '@lanekeeper/runtime/env';
import { objectAt, textsAt } from '../pod/json.ts';
import type { ClusterFacts, NamespaceFacts } from '../decision/cluster-facts.ts';

/** Facts that do not change while the program runs. */
export interface StaticFacts {
  readonly nativeSidecars: boolean;
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
}

export function createStaticFacts({ nativeSidecars, namespaces }: StaticFacts): ClusterFacts {
  return {
    namespace: (name) => Promise.resolve(namespaces.get(name)),
    nativeSidecars: () => nativeSidecars,
    containerLimits: () => [],
  };
}

/**
 * Reads `{"nativeSidecars": true, "namespaces": {"shop": {"labels": {…}, "annotations": {…}}}}`.
 * Throws ConfigError with the file and the place where it is something else.
 */
export async function readFactsFile(path: string): Promise<ClusterFacts> {
  try {
    const file = objectAt(JSON.parse(await readFile(path, 'utf8')), 'file');
    const entries = Object.entries(objectAt(file['namespaces'], 'namespaces'));
    return createStaticFacts({
      nativeSidecars: file['nativeSidecars'] !== false,
      namespaces: new Map(entries.map(([name, value]) => [name, readNamespace(name, value)])),
    });
  } catch (error) {
    throw new ConfigError([{ path, message: error instanceof Error ? error.message : String(error) }]);
  }
}

function readNamespace(name: string, value: unknown): NamespaceFacts {
  const facts = objectAt(value, `namespaces.${name}`);
  return {
    labels: textsAt(facts['labels'], `namespaces.${name}.labels`),
    annotations: textsAt(facts['annotations'], `namespaces.${name}.annotations`),
  };
}
