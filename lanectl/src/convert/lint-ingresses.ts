import type { Finding } from '@lanekeeper/lint/finding';
import { isIgnored, withoutAnnotations, type Noted } from '@lanekeeper/lint/noted';
import { recordAt, textsAt, type Json } from '@lanekeeper/lint/read/json';
import { ANNOTATION_PREFIXES } from '@lanekeeper/mesh-file/ingress-annotations/known-annotations';
import type { Note } from './conversion.ts';
import { describeIngress, isIngress, readIngress, type Ingress } from './ingress.ts';
import { itemsOf } from './items.ts';

/** What the control plane would say in Events of Ingresses, where there is no cluster. */
export function lintIngresses(documents: readonly unknown[]): readonly Finding[] {
  const read = documents.flatMap(itemsOf).filter(isIngress).map(readNoted);
  return [...read.flatMap(findUnsupported), ...findSharedPlaces(read)]
    .filter((noted) => !isIgnored(noted))
    .map(withoutAnnotations);
}

interface NotedIngress {
  readonly ingress: Ingress;
  readonly notes: readonly Note[];
  readonly annotations: Readonly<Record<string, string>>;
}

function readNoted(document: Json): NotedIngress {
  const notes: Note[] = [];
  const ingress = readIngress(document, (note) => notes.push(note));
  return { ingress, notes, annotations: textsAt(recordAt(document, 'metadata'), 'annotations') };
}

function findUnsupported({ ingress, annotations }: NotedIngress): readonly Noted[] {
  return ingress.settings.problems.map(({ annotation, message }) => ({
    ...{ code: 'LK0117', severity: 'warning', object: describeIngress(ingress) },
    path: `metadata.annotations[${annotation}]`,
    message: `${annotation} ${message}`,
    fix: 'Take it away, or see docs/ingress-annotations.md for what does the same.',
    annotations: [annotations],
  }));
}

/** Only ingress-nginx minds: the gateway asks all of them. */
function findSharedPlaces(read: readonly NotedIngress[]): readonly Noted[] {
  const first = new Map<string, NotedIngress>();
  return read
    .filter(({ ingress, annotations }) => ingress.settings.canary !== undefined && isForNginx(annotations))
    .flatMap((noted) => {
      const { ingress, annotations } = noted;
      const places = placesOf(ingress);
      const before = places.map((place) => first.get(place)).find((known) => known !== undefined);
      for (const place of places) if (!first.has(place)) first.set(place, noted);
      if (before === undefined) return [];
      return [
        {
          ...{ code: 'LK0116', severity: 'warning', object: describeIngress(ingress), path: 'spec.rules' },
          message: `${describeIngress(before.ingress)} is a canary of the same host and path, and ingress-nginx takes one only`,
          fix: 'Serve them by the class lanekeeper, which asks all of them, or make lanes of them: lanectl convert.',
          annotations: [annotations, before.annotations],
        } satisfies Noted,
      ];
    });
}

function isForNginx(annotations: Readonly<Record<string, string>>): boolean {
  const prefix = ANNOTATION_PREFIXES.find((each) => each.startsWith('nginx.')) ?? '';
  return Object.keys(annotations).some((name) => name.startsWith(prefix));
}

function placesOf({ namespace, hosts }: Ingress): readonly string[] {
  return hosts.flatMap(({ host, paths }) =>
    paths.map(({ path, type }) => `${namespace} ${host} ${type} ${path}`),
  );
}
