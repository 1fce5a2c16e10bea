import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { CatalogWriter } from '../../../catalog/create-catalog.ts';

/** The edge as several kinds of objects say together; told to nobody before all of them have said something. */
export interface EdgeParts {
  /** Returns what that one says from now on. */
  join(): (part: EdgeConfig) => void;
}

export function createEdgeParts(catalog: Pick<CatalogWriter, 'apply'>): EdgeParts {
  const parts: { config: EdgeConfig | undefined }[] = [];
  const tell = (): void => {
    const said = parts.flatMap(({ config }) => (config === undefined ? [] : [config]));
    if (said.length < parts.length) return;
    catalog.apply({ source: 'kubernetes', put: [], removed: [], edge: together(said) });
  };
  return {
    join() {
      const part: (typeof parts)[number] = { config: undefined };
      parts.push(part);
      return (config) => {
        part.config = config;
        tell();
      };
    },
  };
}

function together(parts: readonly EdgeConfig[]): EdgeConfig {
  return {
    listeners: parts.flatMap(({ listeners }) => listeners),
    certificates: Object.assign(
      {},
      ...parts.map(({ certificates }) => certificates),
    ) as EdgeConfig['certificates'],
  };
}
