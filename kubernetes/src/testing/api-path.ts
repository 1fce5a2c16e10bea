/** What a path of the API means. */
export interface ApiPath {
  /** `group/version/plural`; the core group is empty: `/v1/pods`. */
  readonly collection: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

export function parseApiPath(pathname: string): ApiPath | undefined {
  const [root, ...rest] = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (root !== 'api' && root !== 'apis') return undefined;
  const [group, version, ...where] = root === 'api' ? ['', ...rest] : rest;
  const isNamespaced = where[0] === 'namespaces' && where.length >= 3;
  const [plural, name, subresource] = isNamespaced ? where.slice(2) : where;
  const namespace = isNamespaced ? where[1] : undefined;
  if (group === undefined || version === undefined || plural === undefined) return undefined;
  return {
    collection: `${group}/${version}/${plural}`,
    plural,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
