type Parts = readonly [major: number, minor: number, patch: number];

/** Versions that differ by more minor ones are not served. */
const MOST_MINORS = 2;

/** By the rule of releases: a control plane serves sidecars of its own minor version and of the two before; never newer ones. */
export function isServed(sidecar: string, controlPlane: string): boolean {
  const [theirs, own] = [partsOf(sidecar), partsOf(controlPlane)];
  if (theirs === undefined || own === undefined) return sidecar === controlPlane;
  if (compareParts(theirs, own) > 0) return false;
  return theirs[0] === own[0] && own[1] - theirs[1] <= MOST_MINORS;
}

/** Negative: `a` is older. Versions that are none are equal to all. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return left === undefined || right === undefined ? 0 : compareParts(left, right);
}

function compareParts(a: Parts, b: Parts): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function partsOf(version: string): Parts | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}
