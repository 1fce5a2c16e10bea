import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import type { Finding } from './finding.ts';
import type { Texts } from './world.ts';

/** A finding, and the annotations of the objects that it is about: any of them may say that it is meant so. */
export interface Noted extends Finding {
  readonly annotations: readonly Texts[];
}

/** `lanekeeper.io/ignore: LK0105, LK0110`. */
export function isIgnored({ code, annotations }: Pick<Noted, 'code' | 'annotations'>): boolean {
  return annotations.some((texts) => (texts[ANNOTATIONS.ignore] ?? '').split(/[\s,]+/).includes(code));
}

export function withoutAnnotations({ code, severity, object, path, message, fix }: Noted): Finding {
  return { code, severity, object, path, message, fix };
}

/** `a, b, c and 4 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
