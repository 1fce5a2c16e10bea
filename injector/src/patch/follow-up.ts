import { PROBE_TABLE_VARIABLE } from '@lanekeeper/protocol/probes';
import { isObject, type JsonObject } from '../pod/json.ts';
import { OURS } from '../pod/names.ts';
import type { Container, PodView } from '../pod/pod.ts';
import type { Edit, Path } from './edits.ts';
import { readLiteral, writeLiteral } from './literal.ts';
import { rewriteProbes } from './probes.ts';

/**
 * What is still to be done to a pod that has its sidecar: another webhook may have added containers after us (reinvocation), and
 * their probes are to go through the sidecar as those of the others do. Nothing for a pod that came with everything.
 */
export function followUp(pod: PodView): readonly Edit[] {
  const isRedirected = pod.initContainers.some(({ name }) => name === OURS.redirect);
  const sidecar = placeOfSidecar(pod);
  if (!isRedirected || sidecar === undefined) return [];
  const { table, edits } = rewriteProbes(pod);
  if (edits.length === 0) return [];
  const index = sidecar.container.env.findIndex(({ name }) => name === PROBE_TABLE_VARIABLE);
  const known = readTable(sidecar.container.env[index]?.value);
  const value = writeLiteral(JSON.stringify({ ...known, ...table }));
  const path = [...sidecar.path, 'env'];
  return [
    ...edits,
    index < 0
      ? { kind: 'append', path, items: [{ name: PROBE_TABLE_VARIABLE, value }] }
      : { kind: 'set', path: [...path, index], key: 'value', value },
  ];
}

function placeOfSidecar({
  containers,
  initContainers,
}: PodView): { container: Container; path: Path } | undefined {
  const lists = [
    ['initContainers', initContainers],
    ['containers', containers],
  ] as const;
  for (const [list, members] of lists) {
    const index = members.findIndex(({ name }) => name === OURS.sidecar);
    const container = members[index];
    if (container !== undefined) return { container, path: ['spec', list, index] };
  }
  return undefined;
}

function readTable(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(readLiteral(text));
    return isObject(value) ? value : {};
  } catch {
    // Not ours any more; what is known now is better than nothing.
    return {};
  }
}
