import { readFileSync } from 'node:fs';
import { asKubeObject, fieldsOf, keyOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { nameOf, sidecarPodsIn } from '../cluster/sidecar-pods.ts';
import { fact, facts } from './facts.fixture.ts';
import type { Facts } from './facts.ts';

const TESTDATA = new URL('./testdata/', import.meta.url);

/** `annotate`: to each object that the file describes, its own ones aside. */
export interface Described {
  readonly annotate?: Readonly<Record<string, string>>;
  /** Kinds of the objects that are annotated; default: all. */
  readonly kinds?: readonly string[];
}

/** The cluster that a file describes: Kubernetes objects, and what sidecars answer (`kind: Answer`). All else is well. */
export function describedCluster(file: string, described: Described = {}): Facts {
  const parsed = parseManifest(readFileSync(new URL(file, TESTDATA), 'utf8'));
  if ('problems' in parsed) throw new Error(`${file}: ${JSON.stringify(parsed.problems)}`);
  const objects = parsed.documents
    .map(asKubeObject)
    .filter((object) => object !== undefined)
    .map((object) => withAnnotations(object, described));
  const of = (kind: string) => fact(objects.filter((object) => object.kind === kind));
  const maps = of('ConfigMap').value;
  return facts({
    ...{ pods: of('Pod'), services: of('Service'), groups: of('LaneGroup'), lanes: of('Lane') },
    ...(maps[0] === undefined ? {} : { status: fact(maps[0]) }),
    audits: fact({ answers: answersIn(parsed.documents, of('Pod').value), failures: [] }),
  });
}

function answersIn(documents: readonly unknown[], pods: readonly KubeObject[]) {
  const answers = documents.map(fieldsOf).filter(({ kind }) => kind === 'Answer');
  return sidecarPodsIn(pods).flatMap((pod) =>
    answers.filter((each) => each['pod'] === nameOf(pod)).map(({ answer }) => ({ pod, answer })),
  );
}

function withAnnotations(object: KubeObject, { annotate = {}, kinds }: Described): KubeObject {
  if (kinds !== undefined && !kinds.includes(object.kind ?? keyOf(object))) return object;
  const annotations = { ...object.metadata.annotations, ...annotate };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
