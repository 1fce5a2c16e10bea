import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import { FOREIGN } from '@lanekeeper/protocol/foreign-names';
import { LABELS } from '@lanekeeper/protocol/labels';
import type { KnownService } from './services.ts';

export interface NamedCanary {
  /** Of the canary's Ingress, and of the main one. */
  readonly ingress: string;
  readonly mainIngress: string;
  readonly service: string;
  readonly mainService: string;
  /** What its annotations say outright. */
  readonly subset: string | undefined;
  readonly known: KnownService | undefined;
}

/** What the canary's lane is called: as its pods say, else by what its Service, or the Ingress, has more in its name than the main one. */
export function laneName({ subset, known, ...names }: NamedCanary): string {
  const labels = [LABELS.lane, FOREIGN.lane, FOREIGN.openSergoLane].map((label) => known?.selector[label]);
  const candidates = [
    subset,
    ...labels,
    more(names.service, names.mainService),
    more(names.ingress, names.mainIngress),
    names.service,
    names.ingress.replaceAll('.', '-').slice(0, 63),
  ];
  return candidates.find((name) => name !== undefined && isLaneName(name) && name !== BASELINE) ?? 'canary';
}

/** `gray` of `a-gray` and `a`. */
function more(name: string, main: string): string | undefined {
  if (name.startsWith(`${main}-`)) return name.slice(main.length + 1);
  return name.endsWith(`-${main}`) ? name.slice(0, -main.length - 1) : undefined;
}
