import { keyOf } from '@lanekeeper/kubernetes/kube-object';
import type { FindingCode } from '@lanekeeper/lint/codes';
import { isIgnored } from '@lanekeeper/lint/noted';
import { listAt, recordAt, textAt, textsAt } from '@lanekeeper/lint/read/json';
import { valueOf, type Facts } from './facts.ts';

/** What a finding is about, each as `namespace/name`. */
export interface Concerned {
  readonly pods: readonly string[];
  readonly service: string;
}

/** Whether a pod, the Service or a group that it is in has the code in its annotation. */
export function isMeant(code: FindingCode, { pods, service }: Concerned, facts: Facts): boolean {
  const names = new Set(pods);
  const objects = [
    ...(valueOf(facts.pods) ?? []).filter((pod) => names.has(keyOf(pod))),
    ...(valueOf(facts.services) ?? []).filter((each) => keyOf(each) === service),
    ...(valueOf(facts.groups) ?? []).filter((group) => membersOf(group).includes(service)),
  ];
  const annotations = objects.map((object) => textsAt(object, 'metadata', 'annotations'));
  return isIgnored({ code, annotations });
}

function membersOf(group: unknown): readonly string[] {
  const own = textAt(recordAt(group, 'metadata'), 'namespace') ?? '';
  return listAt(recordAt(group, 'spec'), 'services').map((member) => {
    const record = recordAt(member);
    return `${textAt(record, 'namespace') ?? own}/${textAt(record, 'name') ?? ''}`;
  });
}
