import { writeYaml } from '@lanekeeper/mesh-file/write-yaml';
import type { Terminal } from './terminal.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** `value` for machines, or what `people` makes of it. */
export function print(terminal: Terminal, format: Format, value: unknown, people: () => string): void {
  if (format === 'json') terminal.out(`${JSON.stringify(value, null, 2)}\n`);
  else terminal.out(format === 'yaml' ? writeYaml(value) : people());
}
