/**
 * Resource versions count up over all objects of a server, and may be compared as numbers (KEP-5504; they are etcd's revisions,
 * which never come near 2^53). One that is no number compares false with everything, so nothing is ever taken for old by mistake.
 */
export type ResourceVersion = number;

export function readResourceVersion(text: string | undefined): ResourceVersion {
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
}
