import { objectAt, objectsAt, ownText, textsAt, type JsonObject } from './json.ts';

/** What is read of a pod or of a pod template, narrowed once. The object itself stays as it came. */
export interface PodView {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owners: readonly JsonObject[];
  readonly spec: JsonObject;
  readonly securityContext: JsonObject;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly string[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly raw: JsonObject;
  readonly securityContext: JsonObject;
  readonly env: readonly EnvVariable[];
  readonly ports: readonly JsonObject[];
}

export interface EnvVariable {
  readonly name: string;
  /** Undefined: it comes from somewhere else (`valueFrom`). */
  readonly value: string | undefined;
}

/** Far above any pod that a node starts; beyond it the work per admission would no longer be bounded by habit. */
const MAX_CONTAINERS = 256;

/** Reads a pod, or the template of a workload. Throws ShapeError where something is not what the Kubernetes API says it is. */
export function readPod(object: JsonObject): PodView {
  const metadata = objectAt(object['metadata'], 'metadata');
  const spec = objectAt(object['spec'], 'spec');
  const containers = readContainers(spec['containers'], 'spec.containers');
  const initContainers = readContainers(spec['initContainers'], 'spec.initContainers');
  const count = containers.length + initContainers.length;
  if (containers.length === 0) throw new RangeError('spec.containers: expected at least one container');
  if (count > MAX_CONTAINERS)
    throw new RangeError(`spec: expected at most ${MAX_CONTAINERS} containers, found ${count}`);
  return {
    labels: textsAt(metadata['labels'], 'metadata.labels'),
    annotations: textsAt(metadata['annotations'], 'metadata.annotations'),
    owners: objectsAt(metadata['ownerReferences'], 'metadata.ownerReferences'),
    spec,
    securityContext: objectAt(spec['securityContext'], 'spec.securityContext'),
    containers,
    initContainers,
    volumes: objectsAt(spec['volumes'], 'spec.volumes').map((volume) => ownText(volume, 'name') ?? ''),
  };
}

function readContainers(value: unknown, path: string): readonly Container[] {
  return objectsAt(value, path).map((raw, index) => readContainer(raw, `${path}[${index}]`));
}

function readContainer(raw: JsonObject, path: string): Container {
  return {
    name: ownText(raw, 'name') ?? '',
    image: ownText(raw, 'image') ?? '',
    raw,
    securityContext: objectAt(raw['securityContext'], `${path}.securityContext`),
    env: objectsAt(raw['env'], `${path}.env`).map((one) => ({
      name: ownText(one, 'name') ?? '',
      value: ownText(one, 'value'),
    })),
    ports: objectsAt(raw['ports'], `${path}.ports`),
  };
}

/** The first value of an environment variable that any of the application's containers states. */
export function envOf(pod: PodView, name: string): string | undefined {
  for (const { env } of pod.containers) {
    const found = env.find((variable) => variable.name === name && variable.value !== undefined);
    if (found !== undefined) return found.value;
  }
  return undefined;
}
