/** An object of the API server as JSON: nothing but its metadata is taken for granted. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeObjectMeta;
  readonly [field: string]: unknown;
}

export interface KubeObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Fields of a JSON object, or none where `value` is something else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {};
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` as an object with metadata and a name; undefined: it is none. */
export function asKubeObject(value: unknown): KubeObject | undefined {
  return isKubeObject(value) ? value : undefined;
}

function isKubeObject(value: unknown): value is KubeObject {
  return isFields(value) && isFields(value['metadata']) && typeof value['metadata']['name'] === 'string';
}

/** `namespace/name`, or the name alone where there is no namespace. */
export function keyOf({ metadata }: KubeObject): string {
  const { namespace, name } = metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}
