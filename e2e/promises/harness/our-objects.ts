import { kubectl, tryKubectl } from './kubectl.ts';

/** Happenings of the past, not what is there. */
const NOT_OBJECTS = /^(events|events\.events\.k8s\.io)$/;

/** Every object of the cluster that bears our name, of whatever kind, custom ones included. */
export async function ourObjects(): Promise<readonly string[]> {
  const resources = (await kubectl(['api-resources', '--verbs=list', '--output=name'])).trim().split('\n');
  const kinds = resources.filter((name) => !NOT_OBJECTS.test(name)).join(',');
  const { code, stdout, output } = await tryKubectl([
    'get',
    kinds,
    '--all-namespaces',
    '--output=json',
    '--ignore-not-found',
  ]);
  if (code !== 0) throw new Error(output);
  const { items } = JSON.parse(stdout || '{"items":[]}') as { items: readonly Listed[] };
  return items
    .filter(isOurs)
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
}

/** The same without what the chart leaves on purpose: the definitions of lanes, and what the API server makes of them by itself. */
export async function objectsBesideDefinitions(): Promise<readonly string[]> {
  return (await ourObjects()).filter((object) => !/^(CustomResourceDefinition|APIService) /.test(object));
}

interface Listed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The namespace was there before the chart, for the chart goes into it; namespaces of promises end by themselves. */
function isOurs({ kind, metadata: { name, namespace = '', labels = {} } }: Listed): boolean {
  if (kind === 'Namespace' || namespace.startsWith('lk-')) return false;
  return (
    /lanekeeper/.test(name) ||
    labels['app.kubernetes.io/part-of'] === 'lanekeeper' ||
    /lanekeeper\.io/.test(kind)
  );
}
